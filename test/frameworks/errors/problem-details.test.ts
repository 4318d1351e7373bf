import { once } from "node:events";
import { Agent, request as nodeRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import { handler, memoryStore } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import express5 from "express";
import express4 from "express4";
import fastify from "fastify";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { listening } from "../../support/listen.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});
/** As CORS and helmet set them before the gate. */
const early = {
  "access-control-allow-origin": "https://shop.example",
  vary: "Origin",
  "strict-transport-security": "max-age=1",
  "content-security-policy": "default-src 'none'",
};
/** As a handler sets them for the content that it does not send. */
const ofContent = { etag: '"a"', "content-encoding": "gzip", "content-language": "de" };

const options = () => ({
  problemDetails: true,
  idempotency: { store: memoryStore(), scope: "shared" as const },
});

interface Service {
  readonly origin: string;
  /** What the application's own error handling was given. */
  readonly told: unknown[];
}

/** A service that fails; where it is asked to, its error handling responds as well. */
type Start = (responds: boolean) => Promise<Service>;

function onExpress(express: typeof express5): Start {
  return async (responds) => {
    const told: unknown[] = [];
    const app = express();
    const gate = expressGate(options());
    app.use((_req, res, next) => (res.set(early), next()));
    app.use(gate);
    app.use((_req, res, next) => next(res.set(ofContent) && refused));
    app.use(gate.errors());
    app.use(((error, _req, res, next) => {
      told.push(error);
      if (responds) res.status(418).set("x-own", "1").json({ own: true });
      else next(error);
    }) as express5.ErrorRequestHandler);
    return { origin: await listening(app), told };
  };
}

function onKoa(Koa: typeof Koa3): Start {
  return async (responds) => {
    const told: unknown[] = [];
    const app = new Koa();
    app.on("error", (error) => told.push(error));
    app.use(async (ctx, next) => {
      ctx.set(early);
      try {
        await next();
      } catch (error) {
        if (!responds) throw error;
        told.push(error);
        ctx.status = 418;
        ctx.body = { own: true };
      }
    });
    app.use(koaGate(options()));
    app.use((ctx) => {
      ctx.set(ofContent);
      throw refused;
    });
    return { origin: await listening(app.callback()), told };
  };
}

const onFastify: Start = async (responds) => {
  const told: unknown[] = [];
  const app = fastify();
  onTestFinished(() => app.close());
  app.addHook("onRequest", async (_request, reply) => void reply.headers(early));
  app.setErrorHandler(async (error, _request, reply) => {
    told.push(error);
    if (!responds) throw error;
    return reply.code(418).header("x-own", "1").send({ own: true });
  });
  await app.register(fastifyPlugin, options());
  app.all("/", async (_request, reply) => {
    reply.headers(ofContent);
    throw refused;
  });
  return { origin: await app.listen({ port: 0, host: "127.0.0.1" }), told };
};

const onNode: Start = async (responds) => {
  const told: unknown[] = [];
  const upstream = createUpstream();
  onTestFinished(() => upstream.dispatcher.destroy());
  const listener = handler<BoundUpstream>(
    (_request, response) => {
      for (const [name, value] of Object.entries(ofContent)) response.setHeader(name, value);
      throw refused;
    },
    { ...options(), upstream, onError: (error) => void told.push(error) },
  );
  const origin = await listening((request, response) => {
    for (const [name, value] of Object.entries(early)) response.setHeader(name, value);
    listener(request, response);
  });
  // It is the one error handling that may respond itself.
  expect(responds).toBe(false);
  return { origin, told };
};

const services: [name: string, start: Start][] = [
  ["Express 5", onExpress(express5)],
  ["Express 4", onExpress(express4 as unknown as typeof express5)],
  ["Koa 3", onKoa(Koa3)],
  ["Koa 2", onKoa(Koa2 as unknown as typeof Koa3)],
  ["Fastify", onFastify],
  ["node:http", onNode],
];

const failures: [name: string, init: RequestInit, status: number, type: string][] = [
  ["an upstream's failure", {}, 502, "upstream-failed"],
  ["an upstream's failure, for a POST", { method: "POST" }, 500, "upstream-failed"],
  [
    "a malformed key",
    { method: "POST", headers: { "idempotency-key": "a b" } },
    400,
    "key-malformed",
  ],
  [
    "an upstream's failure under a key",
    { method: "POST", headers: { "idempotency-key": "k" } },
    502,
    "upstream-failed",
  ],
];

function silent(): unknown[] {
  const printed: unknown[] = [];
  const error = vi.spyOn(console, "error").mockImplementation((line) => printed.push(line));
  onTestFinished(() => error.mockRestore());
  return printed;
}

const cases = services.flatMap(([name, start]) =>
  (name === "node:http" ? [false] : [false, true]).map((responds) => ({ name, start, responds })),
);

describe.each(cases)(
  "$name with error handling that responds: $responds",
  ({ start, responds }) => {
    test.each(failures)("the failure is described: %s", async (_name, init, status, type) => {
      silent();
      const { origin, told } = await start(responds);
      const response = await fetch(origin, { ...init, signal: AbortSignal.timeout(10_000) });
      const headers = Object.fromEntries(response.headers);
      expect([response.status, await response.json()]).toMatchObject([
        status,
        { type: `urn:reissue:${type}`, status },
      ]);
      expect(headers).toMatchObject({ ...early, "content-type": "application/problem+json" });
      for (const name of [...Object.keys(ofContent), "x-own"])
        expect(headers).not.toHaveProperty(name);
      expect(told).toMatchObject([{ status }]);
    });

    test("the connection is used again", async () => {
      silent();
      const { origin } = await start(responds);
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      const ports = new Set<number | undefined>();
      for (let turn = 0; turn < 3; turn += 1) {
        const request = nodeRequest(origin, { agent }).end();
        const [response] = (await once(request, "response")) as [IncomingMessage];
        ports.add(response.socket.localPort);
        await text(response);
        // real time: the agent takes the socket back after the body's end
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(ports.size).toBe(1);
    });

    test("the response does not wait for the rest of the request", async () => {
      silent();
      const { origin } = await start(responds);
      const socket = connect(Number(new URL(origin).port), "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      socket.write(
        "PUT / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nidempotency-key: a b\r\n\r\n",
      );
      const [head] = (await once(socket, "data", { signal: AbortSignal.timeout(5000) })) as [
        Buffer,
      ];
      expect(head.toString()).toMatch(/^HTTP\/1\.1 400 /);
    });
  },
);

test("Express and Koa print the error without an error handler", async () => {
  const printed = silent();
  const gate = expressGate(options());
  const app = express5()
    .set("env", "development")
    .use(gate)
    .use((_req, _res, next) => next(refused))
    .use(gate.errors());
  const koa = new Koa3();
  koa.use(koaGate(options())).use(() => {
    throw refused;
  });
  for (const listener of [app, koa.callback()]) {
    printed.length = 0;
    expect((await fetch(await listening(listener))).status).toBe(502);
    await expect.poll(() => printed.length).toBe(1);
    expect(String(printed[0])).toContain("BadGatewayError");
  }
});

test("Fastify logs the error without an error handler", async () => {
  const lines: string[] = [];
  const app = fastify({
    logger: { level: "error", stream: { write: (line) => void lines.push(line) } },
  });
  onTestFinished(() => app.close());
  await app.register(fastifyPlugin, options());
  app.get("/", () => Promise.reject(refused));
  expect((await app.inject("/")).statusCode).toBe(502);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("BadGatewayError");
});
