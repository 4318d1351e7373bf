import { createContext, runInContext } from "node:vm";

import { describe, expect, it } from "vitest";

import { areReceived } from "./received-headers.ts";

/** The methods of a `Headers` that is not the platform's, such as node-fetch's. */
class OtherHeaders {
  append(): void {}
  delete(): void {}
  get(): void {}
  has(): void {}
  forEach(): void {}
}

/** A class with the platform's name, of another realm. */
const foreignHeaders: unknown = runInContext(
  `new (class Headers {
    append() {} delete() {} get() {} has() {} set() {} forEach() {} entries() {}
  })()`,
  createContext(),
);

const hostile = new Proxy(
  {},
  {
    get() {
      throw new Error("hands off");
    },
    ownKeys() {
      throw new Error("hands off");
    },
    getPrototypeOf() {
      throw new Error("hands off");
    },
  },
);

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

describe("the headers of a received message", () => {
  it.each<[string, unknown]>([
    ["a Headers", new Headers({ "x-theirs": "yes" })],
    ["an empty Headers", new Headers()],
    ["another library's", new OtherHeaders()],
    ["another realm's", foreignHeaders],
    ["a date", { date: "Tue, 24 Nov 2026 22:19:21 GMT" }],
    ["a length, in whatever case", { "Content-LENGTH": "7" }],
    ["a length that is a number", { "content-length": 7 }],
    ["a transfer coding", { "Transfer-Encoding": "chunked", "x-theirs": "yes" }],
    ["how long a connection is kept", { "keep-alive": "timeout=5" }],
    ["what made it", { server: "nginx" }],
    ["those of HTTP/2", Object.assign(Object.create(null), { ":status": 404, date: "Tue" })],
    ["a Map", new Map([["Date", "Tue"]])],
    ["a raw list", ["X-Theirs", "yes", "Date", "Tue"]],
    ["a raw list of bytes", [Buffer.from("Date"), Buffer.from("Tue")]],
    [
      "a list of pairs",
      [
        ["x-theirs", "yes"],
        ["date", "Tue"],
      ],
    ],
  ])("are recognised in %s", (_, headers) => {
    expect(areReceived(headers)).toBe(true);
  });

  it.each<[string, unknown]>([
    ["none", undefined],
    ["null", null],
    ["a string", "date: Tue"],
    ["nothing in them", {}],
    ["a challenge and a wait", { "WWW-Authenticate": "Bearer", "Retry-After": "60" }],
    ["a cookie", { "set-cookie": ["session=; Max-Age=0"] }],
    ["a range", { "Content-Range": "bytes */7" }],
    ["a method that is not allowed", { Allow: "GET", "Content-Type": "text/plain" }],
    ["a connection that is to be closed", { Connection: "close" }],
    ["an upgrade that is required", { Connection: "Upgrade", Upgrade: "HTTP/2.0" }],
    ["a name within another", { "x-date": "Tue", "x-server": "a" }],
    ["a Map of such", new Map([["Retry-After", "60"]])],
    ["a raw list whose values have such names", ["x-a", "date", "x-b", "server"]],
    ["an empty list", []],
    ["pairs whose values have such names", [["x-a", "date"]]],
    ["what throws when it is read", hostile],
    ["what throws when it is looked at", revoked([])],
    ["names that are no text", [Object.create(null), 1]],
  ])("are not recognised in %s", (_, headers) => {
    expect(areReceived(headers)).toBe(false);
  });
});
