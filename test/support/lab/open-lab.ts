import { runLab, type Lab } from "@reissue/lab";
import { onTestFinished } from "vitest";

/** Opens a laboratory that ends with the test. */
export async function openLab(options: Parameters<typeof runLab>[0] = {}): Promise<Lab> {
  const lab = await runLab(options);
  onTestFinished(() => lab.close());
  return lab;
}

/** Sends an order as the page does. */
export function order(url: string, path: "start" | "stop", body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json", origin: new URL(url).origin };
  return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}
