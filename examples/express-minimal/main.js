// @ts-check
import { reissue } from "@reissue/express";
import express from "express";

const app = express();
const gate = reissue();

app.use(gate); // before routes and body parsers: gives every request its `upstream`
app.get(
  "/orders/:id",
  gate.handler(async (req, res) => {
    const order = await req.upstream(`http://orders:3000/orders/${req.params.id}`);
    res.status(order.status).json(await order.json());
  }),
);
app.use(gate.errors()); // last: upstream failures become 502, 503 or 504 where a replay is safe
app.listen(8080);
