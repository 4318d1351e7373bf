import { memoryStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as koaGate, route } from "@reissue/koa";
import { headerValue } from "@reissue/testing";
import express from "express";
import Koa from "koa";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { listening } from "../support/listen.ts";

/** An upstream that gives each request the key that it had. */
async function upstreamWithKeys(): Promise<{ readonly origin: string; readonly keys: string[] }> {
  const keys: string[] = [];
  const { origin } = await opened({
    respond({ method, headers }) {
      if (method === "POST") keys.push(String(headerValue(headers, "idempotency-key")));
      return { body: "done" };
    },
  });
  return { origin, keys };
}

/** Two orders with one key; both run, since the first one fails. */
async function orderTwice(service: string): Promise<void> {
  for (const _ of [1, 2]) {
    const response = await fetch(service, { method: "POST", headers: { "idempotency-key": "o1" } });
    expect([response.status, await response.text()]).toEqual([503, expect.any(String)]);
  }
}

const charge = { method: "POST", body: "10", step: "charge" };

describe("a middleware that calls the upstream before the key is known", () => {
  test("leaves the keys to their steps if a route of Express reads the key", async () => {
    const { origin, keys } = await upstreamWithKeys();
    const app = express();
    const gate = expressGate({
      idempotencyKey: "ignored",
      idempotency: { store: memoryStore(), scope: "shared" },
      upstream: { origins: { [origin]: { idempotencyKey: "derive" } } },
    });
    app.use(gate, async (req, _res, next) => {
      await req.upstream(`${origin}/user`);
      next();
    });
    app.post("/", gate.route({ idempotencyKey: "required" }), async (req, res) => {
      await req.upstream(`${origin}/charges`, charge);
      res.sendStatus(503);
    });
    app.use(gate.errors());
    await orderTwice(await listening(app));
    expect(keys).toEqual([keys[0], keys[0]]);
  });

  test("leaves the keys to their steps if a route of Koa reads the key", async () => {
    const { origin, keys } = await upstreamWithKeys();
    const app = new Koa();
    app.use(
      koaGate({
        idempotencyKey: "ignored",
        idempotency: { store: memoryStore(), scope: "shared" },
        upstream: { origins: { [origin]: { idempotencyKey: "derive" } } },
      }),
    );
    app.use(async (ctx, next) => {
      await ctx.upstream(`${origin}/user`);
      await next();
    });
    app.use(route({ idempotencyKey: "required" }));
    app.use(async (ctx) => {
      await ctx.upstream(`${origin}/charges`, charge);
      ctx.status = 503;
    });
    await orderTwice(await listening(app.callback()));
    expect(keys).toEqual([keys[0], keys[0]]);
  });

  test("leaves the keys to their steps if an inner gate names the scope and has its own client", async () => {
    const { origin, keys } = await upstreamWithKeys();
    const app = express();
    const outer = expressGate();
    app.use(outer, async (req, _res, next) => {
      await req.upstream(`${origin}/user`);
      next();
    });
    app.use(
      expressGate({
        idempotency: { store: memoryStore(), scope: "shared" },
        upstream: { origins: { [origin]: { idempotencyKey: "derive" } } },
      }),
    );
    app.post("/", async (req, res) => {
      await req.upstream(`${origin}/charges`, charge);
      res.sendStatus(503);
    });
    app.use(outer.errors());
    await orderTwice(await listening(app));
    expect(keys).toEqual([expect.stringMatching(/^"?[0-9a-f-]{36}/), keys[0]]);
  });
});
