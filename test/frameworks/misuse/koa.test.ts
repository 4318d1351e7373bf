import { Router } from "@koa/router";
import { memoryStore, reissue, route, type ReissueOptions } from "@reissue/koa";
import Koa3 from "koa";
import Koa2 from "koa2";
import { describe, expect, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { misuseWarnings } from "../../support/misuse-warnings.ts";

type Mount = (app: Koa3, options: ReissueOptions) => void;

const majors = [
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
] as const;

const keyed = { idempotency: { store: memoryStore(), scope: "shared" } } as const;

const usesUpstream: Koa3.Middleware = (ctx) => {
  ctx.body = typeof ctx.upstream;
};

const parser: Koa3.Middleware = async (ctx, next) => {
  for await (const _chunk of ctx.req) continue;
  await next();
};

function orders(...middleware: Koa3.Middleware[]): Koa3.Middleware {
  const router = new Router();
  router.all("/orders", ...(middleware as never[]));
  return router.routes() as unknown as Koa3.Middleware;
}

async function warned(Koa: typeof Koa3, mount: Mount, options: ReissueOptions = {}) {
  const app = new Koa();
  app.silent = true;
  mount(app, options);
  const origin = await listening(app.callback());
  for (const method of ["GET", "GET", "POST", "POST"]) {
    const init = method === "POST" ? { method, body: "{}" } : { method };
    await (await fetch(`${origin}/nowhere`, init)).text();
    await (await fetch(`${origin}/orders`, init)).text();
  }
  return (await misuseWarnings()).map(({ code }) => code.replace("WARN_REISSUE_", ""));
}

describe.each(majors)("%s with a misuse", (_name, Koa) => {
  test.each<[string, string, Mount]>([
    [
      "a gate behind the router",
      "GATE_AFTER_ROUTES",
      (app, options) => app.use(orders(usesUpstream)).use(reissue(options)),
    ],
    [
      "a route that uses its upstream before the gate",
      "GATE_AFTER_ROUTES",
      (app, options) =>
        app
          .use(
            async (ctx, next) =>
              void (ctx.path === "/orders" ? usesUpstream(ctx, next) : await next()),
          )
          .use(reissue(options)),
    ],
    [
      "a route with options that comes through no gate",
      "GATE_AFTER_ROUTES",
      (app, options) => {
        const gate = reissue(options);
        const fine: Koa3.Middleware = (ctx) => void (ctx.body = "fine");
        app.use(orders(route({ timeoutMs: 9000 }), fine));
        app.use(gate).use((_ctx, next) => next());
      },
    ],
    [
      "a gate that is mounted twice",
      "GATE_TWICE",
      (app, options) => {
        const gate = reissue(options);
        app.use(gate).use(gate).use(usesUpstream);
      },
    ],
    [
      "a body parser before a gate with a store",
      "BODY_PARSED",
      (app, options) =>
        app
          .use(parser)
          .use(reissue({ ...keyed, ...options }))
          .use(usesUpstream),
    ],
  ])("warns once of %s, and never with validate: false", async (_what, code, mount) => {
    expect(await warned(Koa, mount)).toEqual([code]);
    expect(await warned(Koa, mount, { validate: false })).toEqual([]);
  });
});

describe.each(majors)("%s without a misuse", (_name, Koa) => {
  test.each<[string, Mount]>([
    [
      "the usual order",
      (app, options) =>
        app
          .use(reissue({ ...keyed, ...options }))
          .use(parser)
          .use(orders(route({ retryOn: ["reset"] }), usesUpstream)),
    ],
    [
      "a route's options before the gate",
      (app, options) =>
        app
          .use(route({ retryOn: ["reset"] }))
          .use(reissue(options))
          .use(usesUpstream),
    ],
    [
      "a parser before a gate without a store",
      (app, options) => app.use(parser).use(reissue(options)).use(usesUpstream),
    ],
  ])("does not warn of %s", async (_what, mount) => {
    expect(await warned(Koa, mount)).toEqual([]);
  });
});
