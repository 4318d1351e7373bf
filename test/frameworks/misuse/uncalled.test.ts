import type { RequestListener } from "node:http";

import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate, route as koaRoute } from "@reissue/koa";
import { handler } from "@reissue/server";
import type { ErrorRequestHandler } from "express";
import fastify from "fastify";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { majors } from "../express/service.ts";

const code = "ERR_REISSUE_OPTION";

describe.each(majors)("a function of %s's gate that is mounted without a call", (_, express) => {
  const gate = expressGate();
  test.each<[string, unknown, string]>([
    [
      "reissue",
      expressGate,
      "options is a request: write app.use(reissue()), to mount what it returns",
    ],
    ["gate.errors", gate.errors, "gate.errors takes no arguments: write app.use(gate.errors())"],
    [
      "gate.handler",
      gate.handler,
      "gate.handler must be given a function, got a value of type object",
    ],
    [
      "gate.route",
      gate.route,
      "route is a request: write route({ timeoutMs: 5000 }), to mount what it returns",
    ],
  ])("fails its requests with a message, and hangs none: %s", async (_name, uncalled, message) => {
    const app = express();
    app.use(uncalled as never);
    let seen: unknown;
    const onError: ErrorRequestHandler = (error, _req, res, _next) => {
      seen = error;
      res.sendStatus(500);
    };
    app.use(onError);
    const origin = await listening(app as RequestListener);
    const { status } = await fetch(origin, { signal: AbortSignal.timeout(5000) });
    expect(status).toBe(500);
    expect(seen).toMatchObject({ code, message });
  });
});

describe("a gate of Express", () => {
  test("refuses a wrapped handler that is no function, at once", () => {
    const gate = expressGate();
    for (const wrong of [undefined, Promise.resolve()]) {
      expect(() => gate.handler(wrong as never)).toThrow("gate.handler must be given a function");
    }
  });

  test("refuses to be called where it is mounted", () => {
    const call = expressGate() as unknown as () => void;
    expect(call).toThrow("gate is the middleware itself: write app.use(gate)");
  });
});

describe("a function of Koa's gate that is mounted without a call", () => {
  test.each<[string, unknown, string]>([
    [
      "reissue",
      koaGate,
      "options is a request: write app.use(reissue()), to mount what it returns",
    ],
    [
      "route",
      koaRoute,
      "route is a request: write route({ timeoutMs: 5000 }), to mount what it returns",
    ],
  ])("fails its requests with a message: %s", async (_name, uncalled, message) => {
    const app = new Koa();
    let seen: unknown;
    app.on("error", (error) => (seen = error)).use(uncalled as Koa.Middleware);
    expect((await fetch(await listening(app.callback()))).status).toBe(500);
    expect(seen).toMatchObject({ code, message });
  });
});

describe("a gate of Koa", () => {
  test("refuses to be called where it is mounted", () => {
    const call = koaGate() as unknown as () => void;
    expect(call).toThrow("gate is the middleware itself: write app.use(gate)");
  });
});

describe("Fastify's plugin", () => {
  test("refuses to be called where it is registered", async () => {
    const app = fastify();
    onTestFinished(() => app.close());
    const called = (fastifyPlugin as unknown as (options: object) => Promise<void>)({});
    await expect(async () => app.register(called as never)).rejects.toMatchObject({
      code,
      message: "reissue is the plugin itself: write app.register(reissue, options)",
    });
  });
});

describe("handler() of node:http", () => {
  test("refuses a listener that is no function", () => {
    const call = handler as (listener: unknown, options: unknown) => void;
    expect(() => call({ upstream() {} }, undefined)).toThrow(
      "listener must be a function, got a value of type object",
    );
    expect(() => call(undefined, {})).toThrow(
      "listener must be a function, got a value of type undefined",
    );
  });
});
