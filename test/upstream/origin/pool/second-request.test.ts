import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, onTestFinished, test, vi } from "vitest";

import { client, impatient } from "../../../support/upstream/client.ts";

async function serving(listener: RequestListener): Promise<{ server: Server; origin: string }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test("the body of a redirect is not read further if the redirect leads to an unreachable server", async () => {
  const gone = await serving(() => {});
  await new Promise((resolve) => gone.server.close(resolve));
  let left = 0;
  const { origin } = await serving((_request, response) => {
    response.on("close", () => (left += 1));
    response.writeHead(302, { location: gone.origin }).write("it goes on");
  });
  const upstream = client({ retry: { unsentWindowMs: 20 } });
  await expect(upstream(origin)).rejects.toMatchObject({ delivery: "unknown" });
  await vi.waitFor(() => expect(left).toBe(1), { timeout: 2000 });
});

test("the body of a factory is resent after a 421 under the key of its step", async () => {
  const requests: IncomingMessage[] = [];
  const { origin } = await serving((request, response) => {
    requests.push(request);
    response.writeHead(requests.length === 1 ? 421 : 200).end("ok");
  });
  const upstream = impatient({ origins: { [origin]: { idempotencyKey: "derive" } } }).bind({});
  const response = await upstream(origin, { method: "POST", step: "charge", body: () => "a" });
  expect(response.status).toBe(200);
  const keys = requests.map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toHaveLength(2);
  expect(keys[1]).toBe(keys[0]);
});
