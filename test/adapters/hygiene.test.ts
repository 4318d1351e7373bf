import { once } from "node:events";
import { createServer, get, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";

import { drain, keepAlive } from "@reissue/server";
import { expect, onTestFinished, test } from "vitest";

/** A server that answers after a while, or never. */
async function listening(delayMs: number): Promise<Server> {
  const server = createServer((_request, response) => {
    if (delayMs < Infinity) setTimeout(() => response.end("done"), delayMs);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return server;
}

const originOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test("keepAlive outlasts the balancer, of several the most patient", async () => {
  const server = await listening(0);
  expect(keepAlive(server, { behind: "aws-alb" })).toBe(65_000);
  expect(keepAlive(server, { behind: ["haproxy", "gcp"] })).toBe(605_000);
  expect(server.keepAliveTimeout).toBe(605_000);
  expect(keepAlive(server, { idleMs: 1000 })).toBe(6000);
  expect(() => keepAlive(server, { behind: "__proto__" as never })).toThrow("behind");
  expect(() => keepAlive(server, {})).toThrow("behind");
});

test("drain answers what is in flight and what comes meanwhile, with Connection: close", async () => {
  const server = await listening(100);
  const origin = originOf(server);
  const inFlight = fetch(origin);
  await once(server, "request");
  const drained = drain(server, { lameDuckMs: 300 });
  const meanwhile = await fetch(origin);
  expect(meanwhile.headers.get("connection")).toBe("close");
  expect(await (await inFlight).text()).toBe("done");
  expect(await meanwhile.text()).toBe("done");
  await expect(drained).resolves.toEqual({ destroyed: 0 });
  await expect(fetch(origin)).rejects.toThrow();
});

test("drain destroys at its deadline what is still open", async () => {
  const server = await listening(Infinity);
  const request = get(originOf(server));
  const failed = once(request, "error");
  await once(server, "request");
  await expect(drain(server, { lameDuckMs: 10, deadlineMs: 150 })).resolves.toEqual({
    destroyed: 1,
  });
  await expect(failed).resolves.toMatchObject([{ code: "ECONNRESET" }]);
});

test("drain does not wait for a connection that never said anything", async () => {
  const server = await listening(0);
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  await drain(server, { lameDuckMs: 10, deadlineMs: 300 });
  expect(server.listening).toBe(false);
});
