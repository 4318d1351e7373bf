import { createServer } from "node:http";

import { reissue, type Gate } from "@reissue/express";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import express5, { Router as Router5 } from "express";
import express4, { Router as Router4 } from "express4";
import { expectTypeOf } from "vitest";

const gate = reissue({ upstream: createUpstream() });
expectTypeOf(gate).toEqualTypeOf<Gate>();
expectTypeOf(reissue).toBeCallableWith({ upstream: { retry: { maxAttempts: 2 } } });
// @ts-expect-error: an unknown option
reissue({ upsteam: {} });

const app5 = express5();
app5.use(gate);
app5.use("/orders", gate, gate.errors());
Router5().use(gate, gate.errors());
app5.get("/orders/:id", gate, async (req, res) => {
  expectTypeOf(req.upstream).toEqualTypeOf<BoundUpstream>();
  expectTypeOf(req.params.id).toEqualTypeOf<string>();
  const answer = await req.upstream("http://orders:3000/orders", { retry: { retryOn: ["reset"] } });
  res.status(answer.status).json(await answer.json());
});
app5.use(gate.errors());

const app4 = express4();
app4.use(gate);
app4.use("/orders", gate, gate.errors());
Router4().use(gate, gate.errors());
app4.get("/orders/:id", gate, async (req, res) => {
  expectTypeOf(req.upstream).toEqualTypeOf<BoundUpstream>();
  expectTypeOf(req.params.id).toEqualTypeOf<string>();
  // @ts-expect-error: it is the gate's to set
  req.upstream = createUpstream();
  const { statusCode } = await req.upstream.request("http://orders:3000/orders");
  res.status(statusCode).end();
});
app4.use(gate.errors());

// Of handlers that Express' own types describe.
app5.get(
  "/orders/:id",
  gate.handler(async (req, res) => {
    expectTypeOf(req.upstream).toEqualTypeOf<BoundUpstream>();
    expectTypeOf(req.params.id).toEqualTypeOf<string>();
    res.status(201).json({});
  }),
);
app5.use(gate.handler((req, res, next) => (req.path === "" ? next() : res.json({}))));
Router5()
  .route("/orders")
  .post(
    express5.json(),
    gate.handler(async (req, res) => res.json(req.body)),
  );
app4.get(
  "/orders/:id",
  gate.route({}),
  gate.handler(async (req, res) => {
    expectTypeOf(req.upstream).toEqualTypeOf<BoundUpstream>();
    expectTypeOf(req.params.id).toEqualTypeOf<string>();
    res.status(201).json({});
  }),
);
const handler = gate.handler(async (req: express5.Request, res: express5.Response) => {
  res.json(req.ip);
});
app5.get("/orders/:id", handler);

expectTypeOf(gate.close()).toEqualTypeOf<Promise<void>>();
createServer((req, res) => gate(req, res, () => {}));
