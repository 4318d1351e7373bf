import { OptionError } from "@reissue/core";
import { describe, expect, test } from "vitest";

import { toUpstreamResponse } from "./mock-response.ts";
import { MockRoute } from "./mock-route.ts";

describe("MockRoute", () => {
  test.each([
    ["GET /orders/:id", "GET", "/orders/42", { id: "42" }],
    ["GET /orders/:id", "HEAD", "/orders/42?x=1", { id: "42" }],
    ["GET /a/:x/b/:y", "GET", "/a/1/b/%C3%A9", { x: "1", y: "é" }],
    ["GET /a/:x", "GET", "/a/%E9", { x: "%E9" }],
    ["POST /files/*", "POST", "/files/a/b", {}],
  ])("matches with %s the request %s %s", (name, method, target, params) => {
    const route = new MockRoute(name, {}, "route");
    expect(route.matches(method, target)).toBe(true);
    expect(route.params(target)).toEqual(params);
  });

  test.each([
    ["POST", "/orders/42"],
    ["GET", "/orders"],
    ["GET", "/orders/42/items"],
  ])("does not match the request %s %s", (method, target) => {
    expect(new MockRoute("GET /orders/:id", {}, "route").matches(method, target)).toBe(false);
  });

  test("gives the responses of an array in turn, and then repeats the last one", () => {
    const replies = [{ status: 503 }, { status: 200 }];
    const route = new MockRoute("GET /", replies, "route");
    expect([route.reply(), route.reply(), route.reply()]).toEqual([
      { status: 503 },
      { status: 200 },
      { status: 200 },
    ]);
  });

  test.each([
    ["get /orders", {}, "route never matches: the method is in capitals"],
    ["GET /orders", { staus: 200 }, "route.staus"],
    ["GET /orders", [{ status: 200 }, { status: 99 }], "route[1].status"],
    ["GET /orders", [], "route must have a response"],
    ["GET /orders", { json: undefined }, "route.json"],
    ["GET /orders", { json: {}, body: "x" }, "route.body"],
  ])("refuses %s with %j", (name, replies, message) => {
    const create = (): MockRoute => new MockRoute(name, replies as never, "route");
    expect(create).toThrow(OptionError);
    expect(create).toThrow(message);
  });
});

test("a JSON response has its content type, unless the test sets another one", () => {
  expect(toUpstreamResponse({ json: { a: 1 } }, "r")).toEqual({
    headers: { "content-type": "application/json" },
    body: '{"a":1}',
  });
  const headers = { "Content-Type": "application/problem+json" };
  expect(toUpstreamResponse({ status: 404, json: null, headers }, "r")).toEqual({
    status: 404,
    headers,
    body: "null",
  });
});
