// @ts-check
// A shop on Koa, whose upstreams lose three in ten requests on reused connections: node examples/koa-orders/main.js
import { once } from "node:events";
import { STATUS_CODES } from "node:http";

import { bodyParser } from "@koa/bodyparser";
import { Router } from "@koa/router";
import { drain, keepAlive, reissue, route } from "@reissue/koa";
import { faultyUpstream } from "@reissue/testing";
import Koa from "koa";

import { accountOf } from "../account.js";

const reset = /** @type {const} */ ({ fault: "reset", on: "reused", probability: 0.3 });
const inventory = await faultyUpstream({
  faults: [{ fault: "hang", match: ({ path }) => path.startsWith("/parcels/") }, reset],
  respond: { body: '{"left":7}' },
});
const payments = await faultyUpstream({
  faults: [{ ...reset, when: "after-processing" }], // the worst case: charged, and no answer
  honourKeys: true,
  respond: () => ({ body: `{"charges":${payments.processedCount}}` }),
});
const orders = new Map([["1", { id: "1", item: "tea" }]]);

const [app, router] = [new Koa(), new Router()];
const gate = reissue({
  upstream: { origins: { [payments.origin]: { idempotencyKey: "derive" } } },
  idempotency: { scope: accountOf },
});
app.use((ctx, next) =>
  next().catch(({ status = 500, message, headers = {} }) => {
    ctx.set(headers);
    ctx.status = status;
    ctx.body = { error: status < 500 ? message : STATUS_CODES[status] };
  }),
);
app.use(gate).use(bodyParser()).use(router.routes());
// A GET may be sent again: nobody sees the resets.
router.get("/orders/:id", async (ctx) => {
  const order = orders.get(ctx.params.id);
  if (order === undefined) return ctx.throw(404, "No such order");
  const stock = await ctx.upstream(`${inventory.origin}/stock/${order.id}`);
  ctx.body = { ...order, stock: await stock.json() };
});
// A plain POST may not: one that is lost gets a 500, and no balancer sends it again either.
router.post("/orders", async (ctx) => {
  const stock = await ctx.upstream(`${inventory.origin}/picks`, { method: "POST" });
  const order = { id: String(orders.size + 1), item: String(Object(ctx.request.body).item) };
  orders.set(order.id, order);
  ctx.status = 201;
  ctx.body = { ...order, stock: await stock.json() };
});
// This one may: its owner knows that reserving twice does no harm.
router.post("/orders/:id/reserve", route({ retryOn: ["ECONNRESET"] }), async (ctx) => {
  const stock = await ctx.upstream(inventory.origin + ctx.path, { method: "POST" });
  ctx.body = await stock.json();
});
// The charge goes out with a key made from the caller's and its step: sent again, it is not charged again.
router.post("/payments", route({ idempotencyKey: "required" }), async (ctx) => {
  const call = { method: "POST", body: JSON.stringify(ctx.request.body), step: "charge" };
  ctx.body = await (await ctx.upstream(`${payments.origin}/charges`, call)).json();
});
// 504 after half a second, however long the inventory takes.
router.get("/parcels/:id", route({ timeoutMs: 500 }), async (ctx) => {
  ctx.body = await (await ctx.upstream(inventory.origin + ctx.path)).json();
});
const server = app.listen(Number(process.env.PORT ?? 8080), "127.0.0.1");
keepAlive(server, { behind: "nginx" });
process.once("SIGTERM", async () => {
  await drain(server, { lameDuckMs: 500 });
  await Promise.all([gate.close(), inventory.close(), payments.close()]);
});
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
console.log(`curl -i 127.0.0.1:${port}/orders/1
curl -i 127.0.0.1:${port}/parcels/1
curl -i 127.0.0.1:${port}/orders/1/reserve -X POST
curl -i 127.0.0.1:${port}/orders -H content-type:application/json -d '{"item":"tea"}'
curl -i 127.0.0.1:${port}/payments -H content-type:application/json -H idempotency-key:1 -H 'authorization:Bearer me.1' -d '{"order":1}'`);
