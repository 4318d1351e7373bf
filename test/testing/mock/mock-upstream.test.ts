import { AssertionError } from "node:assert";

import { mockUpstream, type MockUpstream } from "@reissue/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { outbound } from "../../support/upstream/open-upstream.ts";

let orders: MockUpstream;

beforeEach(async () => {
  orders = await mockUpstream({
    "GET /orders/:id": ({ params }) => ({ json: { id: params["id"] } }),
    "POST /orders": { status: 201, json: { id: "42" } },
  });
});

afterEach(() => orders.close());

function place(item: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ item });
  return fetch(`${orders.origin}/orders?from=shop`, { method: "POST", body, headers });
}

describe("responses", () => {
  test("are those of the route", async () => {
    const response = await fetch(`${orders.origin}/orders/7`);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({ id: "7" });
    expect((await place("tea")).status).toBe(201);
  });

  test("can be replaced while the upstream runs, for a part of a route too", async () => {
    orders.respond("GET /orders/7", { status: 404, json: { title: "no such order" } });
    orders.respond("POST /orders", [{ status: 503 }, { status: 201 }]);
    const statuses = [
      (await fetch(`${orders.origin}/orders/7`)).status,
      (await fetch(`${orders.origin}/orders/8`)).status,
      (await place("tea")).status,
      (await place("tea")).status,
      (await place("tea")).status,
    ];
    expect(statuses).toEqual([404, 200, 503, 201, 201]);
  });

  test("may come late from a function", async () => {
    orders.respond("POST /orders", async (request) => ({ json: await request.json() }));
    expect(await (await place("tea")).json()).toEqual({ item: "tea" });
  });

  test("are 501 without a route, and say which routes there are", async () => {
    const response = await fetch(`${orders.origin}/order/7`);
    expect(response.status).toBe(501);
    expect(await response.text()).toBe(
      "mockUpstream has no route for GET /order/7; it has\n  GET /orders/:id\n  POST /orders\n",
    );
    expect(orders.unmatched()).toMatchObject([{ method: "GET", path: "/order/7" }]);
  });
});

describe("assertSent", () => {
  test("returns the matching requests", async () => {
    await place("tea", { "idempotency-key": "k-1" });
    await place("milk");
    const [request] = orders.assertSent("POST /orders", {
      times: 1,
      json: { item: "tea" },
      query: { from: "shop" },
      headers: { "Idempotency-Key": /^k-/ },
    });
    expect(request).toMatchObject({ path: "/orders", text: '{"item":"tea"}', processed: true });
    expect(orders.assertSent("POST /orders")).toHaveLength(2);
    expect(orders.assertSent("GET /orders/:id", { times: 0 })).toEqual([]);
  });

  test.each([
    [{ times: 2 }, "POST /orders was to be sent 2 times and was sent 1 times"],
    [{ json: { item: "milk" } }, "with the expected json"],
    [{ text: /coffee/ }, 'POST /orders {"item":"tea"}'],
    [{ headers: { "idempotency-key": "k" } }, "with the expected headers"],
    [{ query: { from: "app" } }, "with the expected query"],
    [{ params: { id: "1" } }, "with the expected params"],
  ])("throws for %j", async (expected, message) => {
    await place("tea");
    const check = (): unknown => orders.assertSent("POST /orders", expected);
    expect(check).toThrow(AssertionError);
    expect(check).toThrow(message);
  });

  test("says that nothing was sent", () => {
    expect(() => orders.assertSent("POST /orders")).toThrow("no request was sent to it");
  });
});

describe("fail", () => {
  test("gives the next request of the route the fault, and no other", async () => {
    orders.fail("GET /orders/:id", { fault: "reset" });
    await place("tea");
    await expect(fetch(`${orders.origin}/orders/7`)).rejects.toThrow("fetch failed");
    expect((await fetch(`${orders.origin}/orders/7`)).status).toBe(200);
    expect(orders.sent("GET /orders/:id").map(({ fault }) => fault)).toEqual(["reset", null]);
  });

  test("does not let faults of two routes use up each other", async () => {
    orders.fail("POST /orders", { fault: "status", status: 502 });
    orders.fail("GET /orders/:id", { fault: "status", status: 504, times: 2 });
    orders.fail("POST /orders", { fault: "status", status: 503 });
    const statuses = async (count: number, call: () => Promise<Response>): Promise<number[]> => {
      const given: number[] = [];
      for (let left = count; left > 0; left -= 1) given.push((await call()).status);
      return given;
    };
    expect(await statuses(3, () => fetch(`${orders.origin}/orders/7`))).toEqual([504, 504, 200]);
    expect(await statuses(3, () => place("tea"))).toEqual([502, 503, 201]);
  });

  test("shows that a service survives the race", async () => {
    const upstream = outbound();
    await (await upstream(`${orders.origin}/orders/1`)).text();
    orders.fail("GET /orders/:id", { fault: "reset", on: "reused" });
    expect(await (await upstream(`${orders.origin}/orders/2`)).json()).toEqual({ id: "2" });
    expect(orders.sent("GET /orders/2").map(({ reused }) => reused)).toEqual([true, false]);
  });

  test("ends with clear(), which forgets requests and keeps routes", async () => {
    orders.fail("GET /orders/:id", { fault: "reset" });
    await place("tea");
    orders.clear();
    expect(orders.sent()).toEqual([]);
    expect((await fetch(`${orders.origin}/orders/7`)).status).toBe(200);
  });
});

test("a route that another one hides is refused", async () => {
  const hidden = mockUpstream({ "GET /orders/:id": {}, "GET /orders/new": {} });
  await expect(hidden).rejects.toThrow('routes["GET /orders/new"] never matches');
});

test("an origin that is fixed in the code is connected to the mock", async () => {
  const origins = { "http://orders.internal:3000": { connectTo: orders.host } };
  const upstream = outbound({ origins });
  const response = await upstream("http://orders.internal:3000/orders/9");
  expect(await response.json()).toEqual({ id: "9" });
  expect(orders.sent()[0]?.headers.get("host")).toBe("orders.internal:3000");
  expect(Object.keys(upstream.stats().origins)).toEqual(["http://orders.internal:3000"]);
});
