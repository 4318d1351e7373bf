// @ts-check
// A shop on Fastify, whose upstreams lose three in ten requests on reused connections: node examples/fastify-orders/main.js
import { STATUS_CODES } from "node:http";

import { drain, keepAlive, reissue } from "@reissue/fastify";
import { faultyUpstream } from "@reissue/testing";
import fastify from "fastify";

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

const app = fastify();
await app.register(reissue, {
  upstream: { origins: { [payments.origin]: { idempotencyKey: "derive" } } },
  idempotency: { scope: accountOf },
});
app.setErrorHandler((/** @type {any} */ error, _request, reply) => {
  const { statusCode: status = 500, message, headers = {} } = error;
  const shown = status < 500 ? message : STATUS_CODES[status];
  return reply.code(status).headers(headers).send({ error: shown });
});

// A GET may be sent again: nobody sees the resets.
app.get("/orders/:id", async (request, reply) => {
  const { id } = /** @type {{ id: string }} */ (request.params);
  const order = orders.get(id);
  if (order === undefined) return reply.code(404).send({ error: "No such order" });
  const stock = await request.upstream(`${inventory.origin}/stock/${order.id}`);
  return { ...order, stock: await stock.json() };
});
// A plain POST may not: one that is lost gets a 500, and no balancer sends it again either.
app.post("/orders", async (request, reply) => {
  const stock = await request.upstream(`${inventory.origin}/picks`, { method: "POST" });
  const order = { id: String(orders.size + 1), item: String(Object(request.body).item) };
  orders.set(order.id, order);
  return reply.code(201).send({ ...order, stock: await stock.json() });
});
// This one may: its owner knows that reserving twice does no harm.
const again = /** @type {const} */ ({ reissue: { retryOn: ["ECONNRESET"] } });
app.post("/orders/:id/reserve", { config: again }, async (request) => {
  const stock = await request.upstream(inventory.origin + request.url, { method: "POST" });
  return stock.json();
});
// The charge goes out with a key made from the caller's and its step: sent again, it is not charged again.
const keyed = /** @type {const} */ ({ reissue: { idempotencyKey: "required" } });
app.post("/payments", { config: keyed }, async (request) => {
  const call = { method: "POST", body: JSON.stringify(request.body), step: "charge" };
  const charge = await request.upstream(`${payments.origin}/charges`, call);
  return charge.json();
});
// 504 after half a second, however long the inventory takes.
app.get("/parcels/:id", { config: { reissue: { timeoutMs: 500 } } }, async (request) => {
  const parcel = await request.upstream(inventory.origin + request.url);
  return parcel.json();
});

const shop = await app.listen({ port: Number(process.env.PORT ?? 8080), host: "127.0.0.1" });
keepAlive(app.server, { behind: "nginx" });
process.once("SIGTERM", async () => {
  await drain(app.server, { lameDuckMs: 500 });
  await Promise.all([app.close(), inventory.close(), payments.close()]);
});
console.log(`curl -i ${shop}/orders/1
curl -i ${shop}/parcels/1
curl -i ${shop}/orders/1/reserve -X POST
curl -i ${shop}/orders -H content-type:application/json -d '{"item":"tea"}'
curl -i ${shop}/payments -H content-type:application/json -H idempotency-key:1 -H 'authorization:Bearer me.1' -d '{"order":1}'`);
