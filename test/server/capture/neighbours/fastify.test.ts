import { createReadStream } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

import fastifyCompress from "@fastify/compress";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import compression from "compression";
import fastify, { type FastifyInstance, type RouteHandlerMethod } from "fastify";
import { describe, expect, onTestFinished, test } from "vitest";

import { withStores } from "../../../support/stores/memory-stores.ts";
import { claiming, file, gzip, long } from "./neighbours.ts";
import { same } from "../same-response.ts";
import { ask } from "../../../support/raw-connection.ts";

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

describe.each(["alone", "before", "after"])("Fastify with @fastify/compress %s", (side) => {
  test.each(withStores(fastifyKinds))(
    "the response is stored and replayed with the store %s: $2",
    async (_store, open, _name, answer) => {
      const app = fastify();
      if (side === "before") await app.register(fastifyCompress);
      await app.register(fastifyPlugin, claiming(open()));
      if (side === "after") await app.register(fastifyCompress);
      await same(await onFastify(app, answer), gzip);
    },
  );
});

test.each(withStores<[string]>([["compression"]]))(
  "a handler may end the response, where compression delays the end, and return a value, with the store %s",
  async (_, open) => {
    const compress = compression() as unknown as Middleware;
    const app = fastify({
      serverFactory: (handle) =>
        createServer((req, res) => compress(req, res, () => handle(req, res))),
    });
    await app.register(fastifyPlugin, claiming(open()));
    const origin = await onFastify(app, async (_request, reply) => {
      reply.raw.writeHead(200, { "Content-Type": "text/plain" }).end(long);
      return { other: true };
    });
    const first = await ask(origin, { key: "k", ...gzip });
    const second = await ask(origin, { key: "k", ...gzip });
    expect([first.status, second.status, second.replayed]).toEqual([200, 200, true]);
    expect(second.body).toBe(first.body);
  },
);

type Middleware = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

test("a keyed request that Fastify injects is stored and replayed", async () => {
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

test("the onResponse hooks of Fastify are called for a replay, with its duration", async () => {
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
