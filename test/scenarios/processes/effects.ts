import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

/** Somebody else's system, where a payment has its effect; it counts them by path. */
export interface Effects {
  readonly origin: string;
  /** How often each path had its effect. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Opens one that ends with the test. @param onEffect - Told of each effect, which is answered once that is done. */
export async function opened(
  onEffect: (path: string) => Promise<void> = async () => {},
): Promise<Effects> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const { url = "" } = request;
    counts.set(url, (counts.get(url) ?? 0) + 1);
    void onEffect(url).then(() => response.end());
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, counts };
}
