import { Router } from "@koa/router";
import { reissue as expressGate, type Gate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate, route } from "@reissue/koa";
import express5 from "express";
import express4 from "express4";
import fastify from "fastify";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";

const refused = Object.assign(new Error("connect ECONNREFUSED"), {
  code: "ECONNREFUSED",
  syscall: "connect",
});

/** A client in the style of callbacks. */
function withCallback(done: (error: Error) => void): void {
  setImmediate(done, refused);
}

async function statusOf(url: string, init?: RequestInit): Promise<[number, string | null]> {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
  await answer.text();
  return [answer.status, answer.headers.get("x-should-retry")];
}

const keyed = (key: string): RequestInit => ({
  method: "POST",
  headers: { "idempotency-key": key },
});

describe.each([
  ["Express 5", express5],
  ["Express 4", express4 as unknown as typeof express5],
])("%s", (major, express) => {
  async function service(mount: (app: express5.Express, gate: Gate) => void): Promise<string> {
    const app = express().set("env", "test");
    const gate = expressGate();
    onTestFinished(() => gate.close());
    mount(app, gate);
    app.use(gate.errors());
    return listening(app);
  }

  test.each<[string, (gate: Gate) => express5.RequestHandler]>([
    [
      "thrown",
      () => () => {
        throw refused;
      },
    ],
    ["next(err)", () => (_req, _res, next) => next(refused)],
    ["a callback", () => (_req, _res, next) => withCallback(next)],
    ["rejected, in gate.handler", (gate) => gate.handler(() => Promise.reject(refused))],
    ...(major === "Express 5"
      ? [
          ["rejected", () => () => Promise.reject(refused)] as [
            string,
            () => express5.RequestHandler,
          ],
        ]
      : []),
  ])("an error is translated: %s", async (_name, handler) => {
    const origin = await service((app, gate) => app.use(gate, handler(gate)));
    expect(await statusOf(origin)).toEqual([502, "true"]);
    expect(await statusOf(origin, { method: "POST" })).toEqual([500, "false"]);
  });

  test("the options of a route apply whether it is mounted before or after the gate", async () => {
    const origin = await service((app, gate) => {
      const optedIn = gate.route({ retryOn: ["ECONNRESET"] });
      const fail: express5.RequestHandler = (_req, _res, next) => next(refused);
      app.post("/before", optedIn, gate, fail);
      app.post("/before-ignored", gate.route({ idempotencyKey: "ignored" }), gate, fail);
      app.use(gate);
      app.post("/after", optedIn, fail);
      app.post("/after-required", gate.route({ idempotencyKey: "required" }), fail);
      app.post("/after-ignored", gate.route({ idempotencyKey: "ignored" }), fail);
    });
    const post = { method: "POST" };
    expect(await statusOf(`${origin}/before`, post)).toEqual([502, "true"]);
    expect(await statusOf(`${origin}/after`, post)).toEqual([502, "true"]);
    expect((await statusOf(`${origin}/after-required`, post))[0]).toBe(400);
    expect((await statusOf(`${origin}/before-ignored`, keyed("a b")))[0]).toBe(500);
    // The gate has read the key by then.
    expect((await statusOf(`${origin}/after-ignored`, keyed("a b")))[0]).toBe(400);
  });
});

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
])("%s", (_, Koa) => {
  async function service(mount: (app: Koa3) => void): Promise<string> {
    const app = new Koa();
    app.silent = true;
    mount(app);
    return listening(app.callback());
  }

  test.each<[string, Koa3.Middleware]>([
    ["rejected", () => Promise.reject(refused)],
    [
      "thrown",
      () => {
        throw refused;
      },
    ],
    ["a callback", () => new Promise((_resolve, reject) => withCallback(reject))],
    [
      "thrown inside another middleware's try",
      async () => {
        try {
          throw refused;
        } catch (error) {
          throw new Error("could not order", { cause: error });
        }
      },
    ],
  ])("an error is translated: %s", async (_name, handler) => {
    const origin = await service((app) => app.use(koaGate()).use(handler));
    expect(await statusOf(origin)).toEqual([502, "true"]);
    expect(await statusOf(origin, { method: "POST" })).toEqual([500, "false"]);
  });

  test("ctx.throw makes a response of the application", async () => {
    const origin = await service((app) => app.use(koaGate()).use((ctx) => ctx.throw(418)));
    expect(await statusOf(origin)).toEqual([418, null]);
  });

  test("the options of a route apply whether it is mounted before or after the gate", async () => {
    const origin = await service((app) => {
      const fail: Koa3.Middleware = () => Promise.reject(refused);
      const optedIn = route({ retryOn: ["ECONNRESET"] });
      const router = new Router();
      router.post("/before", optedIn, koaGate(), fail);
      router.post("/before-ignored", route({ idempotencyKey: "ignored" }), koaGate(), fail);
      router.post("/after", koaGate(), optedIn, fail);
      router.post("/after-required", koaGate(), route({ idempotencyKey: "required" }), fail);
      router.post("/after-ignored", koaGate(), route({ idempotencyKey: "ignored" }), fail);
      app.use(router.routes());
    });
    const post = { method: "POST" };
    expect(await statusOf(`${origin}/before`, post)).toEqual([502, "true"]);
    expect(await statusOf(`${origin}/after`, post)).toEqual([502, "true"]);
    expect((await statusOf(`${origin}/after-required`, post))[0]).toBe(400);
    expect((await statusOf(`${origin}/before-ignored`, keyed("a b")))[0]).toBe(500);
    expect((await statusOf(`${origin}/after-ignored`, keyed("a b")))[0]).toBe(400);
  });
});

test("Fastify translates errors that are rejected, thrown, sent, passed to a callback or thrown by a hook", async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(fastifyPlugin);
  app.all("/rejected", () => Promise.reject(refused));
  app.all("/thrown", () => {
    throw refused;
  });
  app.all("/sent", (_request, reply) => void reply.send(refused));
  app.all("/callback", (_request, reply) => withCallback((error) => void reply.send(error)));
  const preHandler = (_request: unknown, _reply: unknown, done: (error: Error) => void): void =>
    done(refused);
  app.all("/hook", { preHandler }, () => "never");
  for (const url of ["/rejected", "/thrown", "/sent", "/callback", "/hook"]) {
    for (const [method, status] of [
      ["GET", 502],
      ["POST", 500],
    ] as const) {
      const answer = await app.inject({ method, url });
      const retry = answer.headers["x-should-retry"];
      expect([url, answer.statusCode, retry]).toEqual([url, status, String(method === "GET")]);
    }
  }
});
