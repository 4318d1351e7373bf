import { OptionError } from "@reissue/core";
import { describe, expect, test } from "vitest";

import { RouteTable } from "./route-table.ts";

const base = { policy: {} as never, optedIn: false, bodyTimeoutMs: Infinity };

function table(...names: string[]): RouteTable {
  const routes = Object.fromEntries(names.map((name) => [name, { step: name }]));
  return new RouteTable(routes, base, "routes");
}

describe("a route that no call can match", () => {
  test.each([
    ["post /orders", 'the method is in capitals, "POST /orders"'],
    ["Post /orders", 'the method is in capitals, "POST /orders"'],
    ["* /orders", 'must name one method, got "*"'],
    ["GET|POST /orders", 'must name one method, got "GET|POST"'],
    ["GET,POST /orders", "must name one method"],
    ["POST", 'must be named "METHOD /path"'],
    ["/orders", 'must be named "METHOD /path"'],
    ["POST  /orders", 'must be named "METHOD /path"'],
    ["POST /orders now", 'must be named "METHOD /path"'],
    ["POST orders", 'the path begins with a slash, "POST /orders"'],
    ["POST *", "letter by letter"],
    ["POST http://orders:3000/orders", 'a path below its origin, "POST /orders"'],
    ["POST https://", "a path below its origin"],
    ["POST /orders?dry=1", 'not compared; write "POST /orders"'],
    ["POST /orders#top", 'not compared; write "POST /orders"'],
    ["POST ^/orders$", "letter by letter"],
    ["POST /orders$", "letter by letter"],
    ["POST /orders/\\d+", "letter by letter"],
    ["POST /orders/[0-9]+", "letter by letter"],
    ["POST /orders/(\\d+)/confirm", "letter by letter"],
    ["POST /orders/.*", "letter by letter"],
    ["POST /(orders|carts)", "letter by letter"],
    ["POST /orders/*/confirm", "letter by letter"],
    ["POST /orders/**", "letter by letter"],
    ["POST /orders/:id?", "letter by letter"],
    ["POST /orders/:id(\\d+)", "letter by letter"],
    ["POST /orders/:order-id", '":order-id" is compared letter by letter'],
    ["POST /orders/{id}", '"{id}" is compared letter by letter'],
    ["POST /orders/[id]", '"[id]" is compared letter by letter'],
    ["POST /orders/<id>", '"<id>" is compared letter by letter'],
    ["POST /bücher", 'sent as "POST /b%C3%BCcher"'],
    ["POST /orders/../carts", 'sent as "POST /carts"'],
    ['POST /"orders"', 'sent as "POST /%22orders%22"'],
  ])("is refused: %s", (name, problem) => {
    expect(() => table(name)).toThrow(OptionError);
    expect(() => table(name)).toThrow(`routes[${JSON.stringify(name)}] `);
    expect(() => table(name)).toThrow(problem);
  });
});

describe("a route of the table", () => {
  test.each([
    ["POST /", "/"],
    ["POST /*", "/a/b"],
    ["POST /orders/:id/confirm", "/orders/7/confirm?now=1"],
    ["POST /orders:batch", "/orders:batch"],
    ["POST /Products(1)/$value", "/Products(1)/$value"],
    ["POST /logs-*/_search", "/logs-*/_search"],
    ["POST /a%20b/~me/v1.0/x+y,z;w=1@2", "/a%20b/~me/v1.0/x+y,z;w=1@2"],
    ["POST /orders/", "/orders/"],
    ["POST /a//b", "/a//b"],
    ["M-SEARCH /", "/"],
  ])("matches with the name %s the path %s", (name, path) => {
    const [method = ""] = name.split(" ");
    expect(table(name).find(method, path).step).toBe(name);
  });
});

describe("two routes of a table", () => {
  test.each([
    ["POST /orders/*", "POST /orders/:id/confirm"],
    ["POST /*", "POST /orders"],
    ["POST /orders/:id", "POST /orders/latest"],
    ["POST /orders/:id", "POST /orders/:number"],
    ["POST /orders/*", "POST /orders/new/*"],
  ])("are refused if the first takes all calls of the second: %s, %s", (first, second) => {
    expect(() => table(first, second)).toThrow(`routes[${JSON.stringify(second)}] never matches`);
  });

  test.each([
    ["POST /orders/:id", "POST /orders/*"],
    ["POST /orders/latest", "POST /orders/:id"],
    ["POST /orders/*", "PUT /orders/1"],
    ["POST /:kind/latest", "POST /orders/:id"],
    ["POST /orders/:id/*", "POST /orders/*"],
    ["POST /orders/:id/:action", "POST /orders/*"],
    ["POST /:a/:b", "POST /*"],
    ["POST /:tenant/*", "POST /*"],
    ["POST /orders/:id", "POST /orders/"],
    ["POST /orders/*", "POST /orders"],
  ])("are accepted otherwise: %s, %s", (first, second) => {
    expect(() => table(first, second)).not.toThrow();
  });
});
