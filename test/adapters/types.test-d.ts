import { reissue as fastifyPlugin } from "@reissue/fastify";
import { Router } from "@koa/router";
import { reissue, route } from "@reissue/koa";
import type { BoundUpstream } from "@reissue/upstream";
import fastify from "fastify";
import Koa from "koa";
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

const app = fastify();
await app.register(fastifyPlugin, { timeoutMs: 1000 });
app.post("/pay", { config: { reissue: { idempotencyKey: "required" } } }, async (request) => {
  expectTypeOf(request.upstream).toEqualTypeOf<BoundUpstream>();
});
