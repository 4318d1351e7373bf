// @ts-check
// A shop on Express, whose upstreams lose three in ten requests on reused connections: node examples/express-orders/main.js
import { once } from "node:events";
import { STATUS_CODES } from "node:http";

import { drain, keepAlive, reissue } from "@reissue/express";
import { faultyUpstream } from "@reissue/testing";
import express from "express";

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

const app = express();
const gate = reissue({
  upstream: { origins: { [payments.origin]: { idempotencyKey: "derive" } } },
  idempotency: { scope: accountOf },
});
app.use(gate, express.json());

// A GET may be sent again: nobody sees the resets.
app.get("/orders/:id", async (req, res) => {
  const order = orders.get(req.params.id);
  if (order === undefined) return res.status(404).json({ error: "No such order" });
  const stock = await req.upstream(`${inventory.origin}/stock/${order.id}`);
  res.json({ ...order, stock: await stock.json() });
});
// A plain POST may not: one that is lost gets a 500, and no balancer sends it again either.
app.post("/orders", async (req, res) => {
  const stock = await req.upstream(`${inventory.origin}/picks`, { method: "POST" });
  const order = { id: String(orders.size + 1), item: String(Object(req.body).item) };
  orders.set(order.id, order);
  res.status(201).json({ ...order, stock: await stock.json() });
});
// This one may: its owner knows that reserving twice does no harm.
app.post("/orders/:id/reserve", gate.route({ retryOn: ["ECONNRESET"] }), async (req, res) => {
  const stock = await req.upstream(inventory.origin + req.path, { method: "POST" });
  res.json(await stock.json());
});
// The charge goes out with a key made from the caller's and its step: sent again, it is not charged again.
app.post("/payments", gate.route({ idempotencyKey: "required" }), async (req, res) => {
  const call = { method: "POST", body: JSON.stringify(req.body), step: "charge" };
  const charge = await req.upstream(`${payments.origin}/charges`, call);
  res.json(await charge.json());
});
// 504 after half a second, however long the inventory takes.
app.get("/parcels/:id", gate.route({ timeoutMs: 500 }), async (req, res) => {
  const parcel = await req.upstream(inventory.origin + req.path);
  res.json(await parcel.json());
});
app.use(gate.errors());
app.use((error, _req, res, _next) => {
  const { status = 500, message, headers = {} } = error;
  const shown = status < 500 ? message : STATUS_CODES[status];
  res.status(status).set(headers).json({ error: shown });
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
