import type { IncomingMessage } from "node:http";

import { Router } from "@koa/router";
import { reissue as expressGate, type Middleware as ExpressMiddleware } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue, route, type Middleware } from "@reissue/koa";
import { handler } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import type { Request as Request5, RequestHandler as RequestHandler5 } from "express";
import type { Request as Request4, RequestHandler as RequestHandler4 } from "express4";
import fastify, { type FastifyRequest } from "fastify";
import Koa from "koa";
import Koa2 from "koa2";
import { expectTypeOf } from "vitest";

const koa = new Koa();
koa.use(reissue());
koa.use((ctx) => {
  expectTypeOf(ctx.upstream).toEqualTypeOf<BoundUpstream>();
});
const router = new Router();
router.post("/pay", route({ idempotencyKey: "required", retryOn: ["ECONNRESET"] }), (ctx) => {
  expectTypeOf(ctx.upstream).toEqualTypeOf<BoundUpstream>();
});
// @ts-expect-error: an unknown rule
route({ idempotencyKey: "perhaps" });

// The types of Koa 2 are another package, which knows nothing of ctx.upstream.
new Koa2().use(reissue()).use(route({ timeoutMs: 1000 }));
expectTypeOf<Middleware>().toExtend<Koa.Middleware>();
expectTypeOf<Middleware>().toExtend<Koa2.Middleware>();
expectTypeOf<ExpressMiddleware>().toExtend<RequestHandler5>();
expectTypeOf<ExpressMiddleware>().toExtend<RequestHandler4>();

const app = fastify();
await app.register(fastifyPlugin, { timeoutMs: 1000 });
app.post("/pay", { config: { reissue: { idempotencyKey: "required" } } }, async (request) => {
  expectTypeOf(request.upstream).toEqualTypeOf<BoundUpstream>();
});

// A scope is given what the framework gives its middleware, and may say so.
koa.use(
  reissue({
    idempotency: {
      scope(ctx) {
        expectTypeOf(ctx).toEqualTypeOf<Koa.Context>();
        return ctx.ip;
      },
    },
  }),
);
koa.use(reissue({ idempotency: { scope: (ctx: Koa.Context) => ctx.ip } }));
new Koa2().use(reissue({ idempotency: { scope: (ctx: Koa2.Context) => ctx.ip } }));
expressGate({
  idempotency: {
    scope(request) {
      expectTypeOf(request).toExtend<IncomingMessage>();
      return String(request.headers["x-account"]);
    },
  },
});
expressGate({ idempotency: { scope: (request: Request5) => request.ip ?? "" } });
expressGate({ idempotency: { scope: (request: Request4) => request.ip ?? "" } });
expressGate({ idempotency: { scope: "shared" } });
await app.register(fastifyPlugin, {
  idempotency: {
    scope(request) {
      expectTypeOf(request).toEqualTypeOf<FastifyRequest>();
      return request.ip;
    },
  },
});
handler(() => {}, {
  upstream: createUpstream(),
  idempotency: {
    scope(request) {
      expectTypeOf(request).toEqualTypeOf<IncomingMessage>();
      return String(request.headers["x-account"]);
    },
  },
});
// @ts-expect-error: nobody is named
reissue({ idempotency: { scope: () => null } });
