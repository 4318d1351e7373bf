import { HttpAgent } from "@reissue/agent";
import { memoryStore, reissue } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { mockUpstream, type MockUpstream } from "@reissue/testing";
import axios from "axios";
import express, { type Express } from "express";
import fastify from "fastify";
import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import nock from "nock";
import request from "supertest";
import {
  getGlobalDispatcher,
  MockAgent,
  request as undiciRequest,
  setGlobalDispatcher,
} from "undici";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";

import { outbound } from "../../support/upstream/open-upstream.ts";

let orders: MockUpstream;

beforeEach(async () => {
  orders = await mockUpstream({
    "GET /orders/:id": { json: { by: "mockUpstream" } },
    "POST /orders": { status: 201 },
  });
});

afterEach(() => orders.close());

/** Calls `/orders/7` as axios over the agent of Reissue does. */
async function axiosCall(): Promise<unknown> {
  const httpAgent = new HttpAgent();
  onTestFinished(() => httpAgent.destroy());
  const { data } = await axios.get<unknown>(`${orders.origin}/orders/7`, { httpAgent });
  return data;
}

/** Calls `/orders/7` as a handler's `upstream` does. */
async function upstreamCall(): Promise<unknown> {
  return (await outbound()(`${orders.origin}/orders/7`)).json();
}

describe("nock", () => {
  beforeEach(() => {
    nock(orders.origin).get("/orders/7").reply(200, { by: "nock" });
    nock.disableNetConnect();
  });

  afterEach(() => {
    nock.cleanAll();
    nock.enableNetConnect();
    nock.restore();
    nock.activate();
  });

  test("responds to a client of node:http that has the agent", async () => {
    expect(await axiosCall()).toEqual({ by: "nock" });
  });

  test("does not respond to `upstream`, whose connections are its own, and does not forbid them", async () => {
    expect(await upstreamCall()).toEqual({ by: "mockUpstream" });
  });
});

describe("MSW", () => {
  beforeEach(() => {
    const respond = http.get(`${orders.origin}/orders/:id`, () => HttpResponse.json({ by: "MSW" }));
    const server = setupServer(respond);
    server.listen({ onUnhandledRequest: "error" });
    onTestFinished(() => server.close());
  });

  test("responds to a client of node:http that has the agent, and to built-in fetch", async () => {
    expect(await axiosCall()).toEqual({ by: "MSW" });
    expect(await (await fetch(`${orders.origin}/orders/7`)).json()).toEqual({ by: "MSW" });
  });

  test("does not respond to `upstream`, whose connections are its own", async () => {
    expect(await upstreamCall()).toEqual({ by: "mockUpstream" });
  });
});

test("undici's MockAgent, set as the global dispatcher, does not respond to `upstream`", async () => {
  const before = getGlobalDispatcher();
  const mock = new MockAgent();
  setGlobalDispatcher(mock);
  onTestFinished(async () => {
    setGlobalDispatcher(before);
    await mock.close();
  });
  const reply = mock.get(orders.origin).intercept({ path: "/orders/7" });
  reply.reply(200, { by: "MockAgent" });
  const { body } = await undiciRequest(`${orders.origin}/orders/7`);
  expect(await body.json()).toEqual({ by: "MockAgent" });
  expect(await upstreamCall()).toEqual({ by: "mockUpstream" });
});

/** A service that forwards each keyed order. */
function service(): Express {
  const upstream = outbound({ origins: { "http://orders:3000": { connectTo: orders.host } } });
  const gate = reissue({ upstream, idempotency: { store: memoryStore(), scope: "shared" } });
  const app = express();
  app.use(gate);
  app.post(
    "/pay",
    gate.handler(async (inbound, response) => {
      const placed = await inbound.upstream("http://orders:3000/orders", { method: "POST" });
      response.status(placed.status).json({ placed: true });
    }),
  );
  app.use(gate.errors());
  return app;
}

test("supertest calls an Express application, with keys and replays", async () => {
  const app = service();
  const key = "order-1";
  const first = await request(app).post("/pay").set("Idempotency-Key", key).expect(201);
  const second = await request(app).post("/pay").set("Idempotency-Key", key).expect(201);
  expect(second.body).toEqual(first.body);
  expect(second.headers["idempotent-replayed"]).toBe("true");
  orders.assertSent("POST /orders", { times: 1 });
});

test("inject() calls a Fastify application, with keys and replays", async () => {
  const upstream = outbound({ origins: { "http://orders:3000": { connectTo: orders.host } } });
  const app = fastify();
  onTestFinished(() => app.close());
  await app.register(fastifyPlugin, {
    upstream,
    idempotency: { store: memoryStore(), scope: "shared" },
  });
  app.post("/pay", async (inbound, reply) => {
    const placed = await inbound.upstream("http://orders:3000/orders", { method: "POST" });
    return reply.code(placed.status).send({ placed: true });
  });
  const headers = { "idempotency-key": "order-1" };
  const pay = { method: "POST", url: "/pay", headers } as const;
  const replies = [await app.inject(pay), await app.inject(pay)];
  expect(replies.map(({ statusCode }) => statusCode)).toEqual([201, 201]);
  expect(replies[1]?.headers["idempotent-replayed"]).toBe("true");
  orders.assertSent("POST /orders", { times: 1 });
});
