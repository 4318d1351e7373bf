import { memoryStore } from "@reissue/core";
import { reissue, route, type ReissueOptions } from "@reissue/koa";
import express from "express";
import Koa from "koa";
import { expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";

test("an upstream property of the application is replaced on requests that pass the gate, and stays on others", async () => {
  const app = new Koa();
  const gate = reissue();
  onTestFinished(() => gate.close());
  app.use((ctx, next) => {
    Object.assign(ctx, { upstream: "its own" });
    return next();
  });
  app.use((ctx, next) => (ctx.path === "/gate" ? gate(ctx, next) : next()));
  app.use((ctx) => {
    ctx.body = typeof ctx.upstream;
  });
  const origin = await listening(app.callback());
  const seen = [];
  for (const path of ["/gate", "/", "/gate", "/"]) {
    seen.push(await (await fetch(origin + path)).text());
  }
  expect(seen).toEqual(["function", "string", "function", "string"]);
});

/** Takes a prefix off the path for what is inside, as koa-mount does. */
function mounted(prefix: string, inner: Koa.Middleware): Koa.Middleware {
  return async (ctx, next) => {
    const { path } = ctx;
    if (!path.startsWith(prefix)) return next();
    ctx.path = path.slice(prefix.length);
    try {
      await inner(ctx, next);
    } finally {
      ctx.path = path;
    }
  };
}

test("a key at another mount belongs to another request", async () => {
  const app = new Koa();
  app.silent = true;
  const store = memoryStore();
  for (const prefix of ["/payments", "/refunds"]) {
    const gate = reissue({ idempotency: { store, scope: "shared" } });
    onTestFinished(() => gate.close());
    const answer: Koa.Middleware = (ctx) => void (ctx.body = prefix);
    app.use(mounted(prefix, (ctx, next) => gate(ctx, async () => answer(ctx, next))));
  }
  const origin = await listening(app.callback());
  const post = (path: string): Promise<Response> =>
    fetch(origin + path, { method: "POST", headers: { "idempotency-key": "k" } });
  expect(await (await post("/payments/1")).text()).toBe("/payments");
  expect((await post("/refunds/1")).status).toBe(422);
});

function gated(options: ReissueOptions): Koa {
  const app = new Koa();
  app.silent = true;
  const gate = reissue(options);
  onTestFinished(() => gate.close());
  app.use(gate);
  return app;
}

test("a middleware around a route stays under its own timeout", async () => {
  const app = gated({ timeoutMs: 100 });
  app.use(async (_ctx, next) => {
    await next();
    await new Promise(() => {});
  });
  app.use(route({}));
  app.use((ctx) => void (ctx.body = "done"));
  const { status } = await fetch(await listening(app.callback()), {
    signal: AbortSignal.timeout(10_000),
  });
  expect(status).toBe(504);
});

test("a middleware around a route is not under the shorter timeout of the route", async () => {
  const app = gated({ timeoutMs: 20_000 });
  app.use(async (_ctx, next) => {
    await next();
    // real time: slower than the inner route's timeout, which runs on the system clock here
    await new Promise((resolve) => setTimeout(resolve, 300));
  });
  app.use(route({ timeoutMs: 100 }));
  app.use((ctx) => void (ctx.body = "done"));
  expect(await (await fetch(await listening(app.callback()))).text()).toBe("done");
});

test("a fingerprint contains the path of the client, also if Koa is mounted in Express", async () => {
  const app = gated({ idempotency: { store: memoryStore(), scope: "shared" } });
  app.use((ctx) => void (ctx.body = ctx.req.url));
  const outer = express().use("/payments", app.callback()).use("/refunds", app.callback());
  const origin = await listening(outer);
  const headers = { "idempotency-key": "k" };
  const statuses = [];
  for (const path of ["/payments/1", "/refunds/1"]) {
    statuses.push((await fetch(origin + path, { method: "POST", headers })).status);
  }
  expect(statuses).toEqual([200, 422]);
});
