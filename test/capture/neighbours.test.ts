import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer, ServerResponse, type RequestListener, type ServerOptions } from "node:http";
import type { AddressInfo } from "node:net";

import fastifyCompress from "@fastify/compress";
import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import compression from "compression";
import express from "express";
import session from "express-session";
import fastify, { type FastifyInstance, type RouteHandlerMethod } from "fastify";
import Koa from "koa";
import koaCompress from "koa-compress";
import { describe, expect, onTestFinished, test } from "vitest";

import { withStores } from "../memory-stores.ts";
import { same } from "./same.ts";
import { ask } from "./wire.ts";

const file = import.meta.filename;
const long = "a line of text\n".repeat(1000);
const claiming = (store: IdempotencyStore = memoryStore()): object => ({
  idempotency: { store, scope: "shared" },
});

async function listening(listener: RequestListener, options: ServerOptions = {}): Promise<string> {
  const server = createServer(options, listener).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const gzip = { headers: ["Accept-Encoding: gzip"] };

const expressKinds: [name: string, answer: express.RequestHandler][] = [
  ["send", (_req, res) => void res.send(long)],
  ["send of bytes", (_req, res) => void res.send(Buffer.from(long))],
  ["json", (_req, res) => void res.status(201).json({ long })],
  ["json(null)", (_req, res) => void res.json(null)],
  ["sendStatus", (_req, res) => void res.sendStatus(202)],
  ["sendFile", (_req, res) => res.sendFile(file)],
  ["download", (_req, res) => res.download(file, "a.txt")],
  ["redirect", (_req, res) => res.redirect(303, "/orders/1")],
  ["pipe", (_req, res) => void createReadStream(file).pipe(res)],
  ["end", (_req, res) => void res.end("short")],
  ["write", (_req, res) => void (res.type("text"), res.write(long), res.write(long), res.end())],
];

/** Mounts something outside of the gate and inside of it. */
const expressMounts: [
  name: string,
  outside: express.RequestHandler[],
  inside: express.RequestHandler[],
][] = [
  ["alone", [], []],
  ["compression outside", [compression()], []],
  ["compression inside", [], [compression()]],
  ["compression on both sides", [compression()], [compression()]],
  [
    "headers set outside",
    [
      (_req, res, next) => (
        res.set({ Vary: "Origin", "Access-Control-Allow-Origin": "*" }),
        next()
      ),
    ],
    [],
  ],
];

describe.each(expressMounts)("Express, %s", (mount, outside, inside) => {
  // There compression fixes the head before it has the body, and with a key the head is fixed before compression does:
  // the same bytes have a length instead of chunks.
  const isFramed = ([kind]: (typeof expressKinds)[0]): boolean =>
    mount === "compression outside" && kind === "end";
  const kinds = expressKinds.filter((kind) => !isFramed(kind));
  test.each(withStores(kinds))("store %s: $2", async (_store, open, _name, answer) => {
    const app = express();
    const gate = expressGate(claiming(open()));
    for (const each of [...outside, gate, ...inside, answer]) app.use(each);
    await same(await listening(app), gzip);
  });
});

test.each(["outside", "inside"])("express-session %s", async (side) => {
  const app = express();
  const sessions = session({ secret: "s", resave: false, saveUninitialized: true });
  const gate = expressGate(claiming());
  for (const each of side === "outside" ? [sessions, gate] : [gate, sessions]) app.use(each);
  app.use((_req, res) => void res.send("done"));
  const origin = await listening(app);
  const first = await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
  expect(first.lines.some((line) => line.startsWith("Set-Cookie"))).toBe(true);
});

test.each([204, 304])(
  "a replayed %s, where Node refuses bodies that are not to be",
  async (status) => {
    const app = express();
    app.use(expressGate(claiming())).use((_req, res) => void res.status(status).end());
    const origin = await listening(app, { rejectNonStandardBodyWrites: true });
    const first = await ask(origin, { key: "k" });
    const second = await ask(origin, { key: "k" });
    expect([first.status, second.status, second.replayed]).toEqual([status, status, true]);
  },
);

test("an Express app that is mounted in another, and gives responses another prototype", async () => {
  let runs = 0;
  const inner = express().use((_req, res) => void res.send(`run ${(runs += 1)}`));
  const app = express().use(expressGate(claiming())).use("/inner", inner);
  const origin = await listening(app);
  const first = await ask(origin, { key: "k", path: "/inner" });
  const second = await ask(origin, { key: "k", path: "/inner" });
  expect([first.body, second.body, second.replayed]).toEqual(["run 1", "run 1", true]);
});

test("an Express app whose responses end in a way of their own", async () => {
  const app = express();
  const { end } = app.response;
  const ended: boolean[] = [];
  app.response.end = function (this: express.Response, ...args: unknown[]) {
    ended.push(this.headersSent);
    return Reflect.apply(end, this, args) as express.Response;
  } as typeof end;
  app.use(expressGate(claiming())).use((_req, res) => void res.send("done"));
  const origin = await listening(app);
  const first = await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
  expect(ended).toEqual([true, false]);
});

test("an end put there before, which comes down to a write", async () => {
  const app = express();
  app.use((_req, res, next) => {
    const { end } = res;
    const ended = function (this: ServerResponse, chunk: unknown): unknown {
      if (chunk) this.write(chunk);
      return Reflect.apply(end, this, []);
    };
    Object.assign(res, { end: ended });
    next();
  });
  app.use(expressGate(claiming())).use((_req, res) => void res.send("done"));
  const origin = await listening(app);
  const first = await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
});

test("a response made by hand for the same request is another one", async () => {
  const app = express();
  app.use(expressGate(claiming())).use((req, res) => {
    const made = Object.setPrototypeOf(new ServerResponse(req), app.response) as typeof res;
    made.req = req;
    made.status(418).json("made");
    res.send("done");
  });
  const origin = await listening(app);
  const first = await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
});

test("a response that is given other methods is not answered twice, though it cannot be replayed", async () => {
  let runs = 0;
  const app = express();
  app.use(expressGate(claiming())).use((_req, res) => {
    Object.setPrototypeOf(res, ServerResponse.prototype);
    Reflect.apply(ServerResponse.prototype.end, res, [`run ${(runs += 1)}`]);
  });
  const origin = await listening(app);
  const first = await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect([first.body, second.status, runs]).toEqual(["run 1", 409, 1]);
  expect(second.body).toContain("the answer was not kept");
});

test("responses of a class of the user's", async () => {
  class Response extends ServerResponse {
    override flushHeaders(): void {
      super.flushHeaders();
    }
  }
  const app = new Koa().use(koaGate(claiming())).use((ctx) => {
    ctx.res.flushHeaders();
    ctx.body = "done";
  });
  const origin = await listening(app.callback(), {
    ServerResponse: Response as typeof ServerResponse,
  });
  const first = await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect([first.body, second.body, second.replayed]).toEqual(["done", "done", true]);
});

const koaKinds: [name: string, answer: (ctx: Koa.Context) => unknown][] = [
  ["text", (ctx) => (ctx.body = long)],
  ["bytes", (ctx) => (ctx.body = Buffer.from(long))],
  ["JSON", (ctx) => (ctx.body = { long })],
  ["null", (ctx) => (ctx.body = null)],
  ["a stream", (ctx) => ((ctx.type = "text"), (ctx.body = createReadStream(file)))],
  ["a Blob", (ctx) => (ctx.body = new Blob([long]))],
  ["a ReadableStream", (ctx) => (ctx.body = new Blob([long]).stream())],
  [
    "a Response",
    (ctx) => (ctx.body = new Response(long, { status: 201, headers: { ETag: '"a"' } })),
  ],
  ["a redirect", (ctx) => ctx.redirect("/orders/1")],
  ["respond = false", (ctx) => ((ctx.respond = false), ctx.res.writeHead(201).end("own"))],
  ["nothing", () => null],
  ["a thrown error", (ctx) => ctx.throw(404, "none")],
];

describe.each(["alone", "outside", "inside"])("Koa, koa-compress %s", (side) => {
  test.each(withStores(koaKinds))("store %s: $2", async (_store, open, _name, answer) => {
    const app = new Koa();
    app.silent = true;
    if (side === "outside") app.use(koaCompress());
    app.use(koaGate(claiming(open())));
    if (side === "inside") app.use(koaCompress());
    app.use(async (ctx) => void (await answer(ctx)));
    await same(await listening(app.callback()), gzip);
  });
});

const fastifyKinds: [name: string, answer: RouteHandlerMethod][] = [
  ["a string", async () => long],
  ["JSON", async (_request, reply) => reply.code(201).send({ long })],
  ["bytes", async (_request, reply) => reply.send(Buffer.from(long))],
  ["a stream", async (_request, reply) => reply.type("text/plain").send(createReadStream(file))],
  ["a ReadableStream", async (_request, reply) => reply.send(new Blob([long]).stream())],
  ["a Response", async () => new Response(long, { status: 201, headers: { ETag: '"a"' } })],
  ["a redirect", async (_request, reply) => reply.redirect("/orders/1", 303)],
  ["hijack", (_request, reply) => (reply.hijack(), reply.raw.writeHead(201).end("own"))],
  ["nothing", async (_request, reply) => reply.code(204).send()],
  [
    "a thrown error",
    async () => Promise.reject(Object.assign(new Error("none"), { statusCode: 404 })),
  ],
  [
    "trailers",
    async (_request, reply) => {
      reply.trailer(
        "x-t",
        (_reply: unknown, _payload: unknown, done: (error: null, value: string) => void) =>
          done(null, "1"),
      );
      return reply.send(long);
    },
  ],
];

async function onFastify(app: FastifyInstance, answer: RouteHandlerMethod): Promise<string> {
  app.post("/", answer);
  onTestFinished(() => app.close());
  return app.listen({ port: 0, host: "127.0.0.1" });
}

describe.each(["alone", "before", "after"])("Fastify, @fastify/compress %s", (side) => {
  test.each(withStores(fastifyKinds))("store %s: $2", async (_store, open, _name, answer) => {
    const app = fastify();
    if (side === "before") await app.register(fastifyCompress);
    await app.register(fastifyPlugin, claiming(open()));
    if (side === "after") await app.register(fastifyCompress);
    await same(await onFastify(app, answer), gzip);
  });
});

test("a keyed request that Fastify injects", async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(fastifyPlugin, claiming());
  app.post("/", async (request) => request.body);
  const headers = { "idempotency-key": "k" };
  const injected = () => app.inject({ method: "POST", url: "/", headers, payload: { a: 1 } });
  const [first, second] = [await injected(), await injected()];
  expect([first.json(), second.json()]).toEqual([{ a: 1 }, { a: 1 }]);
  expect(second.headers["idempotent-replayed"]).toBe("true");
});

test("Fastify's onResponse hooks see a replay, and how long it took", async () => {
  const seen: unknown[] = [];
  const app = fastify();
  app.addHook("onRequest", async (_request, reply) => void reply.header("x-outer", "1"));
  app.addHook("onResponse", async (_request, reply) => {
    seen.push([reply.statusCode, reply.elapsedTime > 0]);
  });
  await app.register(fastifyPlugin, claiming());
  const origin = await onFastify(app, async (_request, reply) => reply.code(201).send("done"));
  await ask(origin, { key: "k" });
  const second = await ask(origin, { key: "k" });
  expect(second.lines).toContain("x-outer: 1");
  await expect
    .poll(() => seen)
    .toEqual([
      [201, true],
      [201, true],
    ]);
});
