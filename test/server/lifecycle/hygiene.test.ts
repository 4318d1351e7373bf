import { EventEmitter, once } from "node:events";
import { Agent, createServer, get, type Server } from "node:http";
import { createSecureServer as createSecureHttp2, createServer as createHttp2 } from "node:http2";
import { connect, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { drain, isDraining, keepAlive } from "@reissue/server";
import { manualClock } from "@reissue/testing";
import express5 from "express";
import express4 from "express4";
import fastify, { type FastifyInstance } from "fastify";
import Koa3 from "koa";
import Koa2 from "koa2";
import { expect, onTestFinished, test, vi } from "vitest";

/** A server that answers after a while, or never. */
async function listening(delayMs: number): Promise<Server> {
  const server = createServer((_request, response) => {
    // real time: a response under way while the server closes
    if (delayMs < Infinity) setTimeout(() => response.end("done"), delayMs);
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return server;
}

const originOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test("keepAlive() outlasts the load balancer, and the one of several that waits longest", async () => {
  const server = await listening(0);
  expect(keepAlive(server, { behind: "aws-alb" })).toBe(65_000);
  expect(keepAlive(server, { behind: ["haproxy", "gcp"] })).toBe(605_000);
  expect(server.keepAliveTimeout).toBe(605_000);
  expect(keepAlive(server, { idleMs: 1000 })).toBe(6000);
  expect(() => keepAlive(server, { behind: "__proto__" as never })).toThrow("behind");
  expect(() => keepAlive(server, {})).toThrow("behind");
  for (const other of [express5(), new Koa3(), fastify(), null, 8080]) {
    expect(() => keepAlive(other as never, { idleMs: 1000 })).toThrow("app.listen()");
  }
});

test("drain() completes requests in flight and new ones, with Connection: close", async () => {
  const server = await listening(100);
  const origin = originOf(server);
  const inFlight = fetch(origin);
  await once(server, "request");
  const drained = drain(server, { lameDuckMs: 300 });
  const meanwhile = await fetch(origin);
  expect(meanwhile.headers.get("connection")).toBe("close");
  expect(await (await inFlight).text()).toBe("done");
  expect(await meanwhile.text()).toBe("done");
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
  await expect(fetch(origin)).rejects.toThrow();
});

test("drain() ends at once if the server has no connection, and is visible from its call on", async () => {
  const server = await listening(0);
  expect(isDraining(server)).toBe(false);
  const drained = drain(server, { lameDuckMs: 25_000 });
  expect(isDraining(server)).toBe(true);
  const started = performance.now();
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
  expect(performance.now() - started).toBeLessThan(2000);
});

test("drain() ends early once the last connection is closed, but not while one is idle", async () => {
  const server = await listening(0);
  const agent = new Agent({ keepAlive: true });
  get(originOf(server), { agent }, (response) => void response.resume());
  await once(server, "request");
  const started = performance.now();
  const drained = drain(server, { lameDuckMs: 20_000 });
  // real time: the connection has to be idle for longer than an unused server waits
  await sleep(900);
  expect(server.listening).toBe(true);
  agent.destroy();
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
  expect(performance.now() - started).toBeLessThan(8000);
});

test("drain() does not end early while connections come and go, though none is open when it looks", async () => {
  const server = await listening(0);
  const count = promisify(server.getConnections.bind(server));
  const clock = manualClock();
  const first = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(server, "connection");
  const drained = drain(server, { lameDuckMs: 2000, clock });
  await expect.poll(() => clock.pending).toBe(1);
  first.destroy();
  for (let look = 0; look < 20; look += 1) {
    await (await fetch(originOf(server))).text();
    await expect.poll(() => count()).toBe(0);
    await clock.advance(50);
    await expect.poll(() => clock.pending).toBe(1);
    expect(server.listening).toBe(true);
  }
  await clock.advance(1000);
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
});

test("drain() destroys connections that are open at its deadline", async () => {
  const server = await listening(Infinity);
  const request = get(originOf(server));
  const failed = once(request, "error");
  await once(server, "request");
  await expect(drain(server, { lameDuckMs: 10, deadlineMs: 150 })).resolves.toEqual({
    destroyed: 1,
    left: 0,
  });
  await expect(failed).resolves.toMatchObject([{ code: "ECONNRESET" }]);
});

test.each<[string, unknown]>([
  ["HTTP/2", createHttp2()],
  ["HTTP/2 with HTTP/1", createSecureHttp2({ allowHTTP1: true })],
  ["no", undefined],
  ["an application for a", express5()],
])("drain() refuses %s server, and does nothing to it", async (_name, server) => {
  const listeners = (): number | null =>
    server instanceof EventEmitter ? server.listenerCount("request") : null;
  const before = listeners();
  await expect(drain(server as Server, { lameDuckMs: 0 })).rejects.toMatchObject({
    code: "ERR_REISSUE_OPTION",
    path: "server",
    message: expect.stringMatching(
      /^server must be a server of node:http or node:https \(not of node:http2\)/,
    ),
  });
  expect(listeners()).toBe(before);
});

test("drain() does not wait for a connection without a request", async () => {
  const server = await listening(0);
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  await drain(server, { lameDuckMs: 10, deadlineMs: 300 });
  expect(server.listening).toBe(false);
});

/** What each framework's `listen` makes; the path /slow is answered after 150 ms. */
const listens: readonly (readonly [string, () => Promise<Server>])[] = [
  ["Express 5", () => onExpress(express5)],
  ["Express 4", () => onExpress(express4 as unknown as typeof express5)],
  ["Koa 3", () => onKoa(Koa3)],
  ["Koa 2", () => onKoa(Koa2 as unknown as typeof Koa3)],
  ["Fastify 5", async () => (await onFastify()).server],
];

test.each(listens)("keepAlive() and drain() work with the listen() of %s", async (_, listen) => {
  const server = await listen();
  onTestFinished(() => server.close().closeAllConnections());
  const origin = originOf(server);
  expect(keepAlive(server, { behind: "aws-alb" })).toBe(65_000);
  const before = await fetch(origin);
  expect(before.headers.get("connection")).toBe("keep-alive");
  expect(before.headers.get("keep-alive")).toBe("timeout=65");
  await before.text();

  const inFlight = fetch(`${origin}/slow`);
  await once(server, "request");
  const drained = drain(server, { lameDuckMs: 300 });
  const meanwhile = await fetch(originOf(server));
  expect(meanwhile.headers.get("connection")).toBe("close");
  expect(await meanwhile.text()).toBe("done");
  expect(await (await inFlight).text()).toBe("done");
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
  await expect(fetch(origin)).rejects.toThrow();
});

test("a drained Fastify is closed by its own close(), which runs its hooks", async () => {
  const app = await onFastify();
  await drain(app.server, { lameDuckMs: 10 });
  await app.close();
  expect(closed).toHaveBeenCalledTimes(1);
});

test("a Fastify that is closed in the middle of a drain ends both", async () => {
  const app = await onFastify();
  const inFlight = fetch(`${originOf(app.server)}/slow`);
  await once(app.server, "request");
  const drained = drain(app.server, { lameDuckMs: 100 });
  await app.close();
  expect(await (await inFlight).text()).toBe("done");
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
  expect(closed).toHaveBeenCalledTimes(1);
});

const closed = vi.fn<() => void>();

const delay = (path: string | undefined): number => (path === "/slow" ? 150 : 0);

async function onExpress(express: typeof express5): Promise<Server> {
  const app = express();
  // real time: a response under way while the server closes
  app.use((req, res) => void setTimeout(() => res.send("done"), delay(req.path)));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function onKoa(Koa: typeof Koa3): Promise<Server> {
  const app = new Koa();
  app.use(async (ctx) => {
    // real time: a response under way while the server closes
    await sleep(delay(ctx.path));
    ctx.body = "done";
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function onFastify(): Promise<FastifyInstance> {
  const app = fastify();
  closed.mockClear();
  app.addHook("onClose", async () => closed());
  app.get("/*", async (request) => {
    // real time: a response under way while the server closes
    await sleep(delay(request.url));
    return "done";
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  return app;
}
