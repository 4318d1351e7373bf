import createError from "http-errors";
import { describe, expect, it } from "vitest";

import { isErrorResponse } from "./error-response.ts";
import { unreadableError } from "./unreadable-error.ts";

const getter = Object.defineProperty(new Error("getter"), "headers", {
  get() {
    throw new Error("no");
  },
});

describe("unreadableError", () => {
  it.each<[string, unknown]>([
    ["a getter that throws", getter],
    ["a proxy that was revoked", revoked()],
    ["a header with a line break", withHeaders({ "x-a": "b\r\nc: d" })],
    ["one in a list", withHeaders({ "x-a": ["b", "c\nd"] })],
    ["a name with a space", withHeaders({ "x a": "b" })],
    ["a header that is no text", withHeaders({ "x-a": Object.create(null) })],
  ])("stands in for %s, with a plain 500", (_name, thrown) => {
    const error = unreadableError(thrown);
    expect(createError.isHttpError(error)).toBe(true);
    expect(isErrorResponse(error)).toBe(true);
    expect(error).toMatchObject({ status: 500, expose: false, headers: {} });
    expect(error?.message).toBe("Internal Server Error");
    expect(Object.is(error?.cause, thrown)).toBe(true);
    expect(Object.keys(error ?? {})).not.toContain("cause");
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a string", "oops"],
    ["a symbol", Symbol("oops")],
    ["an error", new Error("a bug")],
    ["a frozen error", Object.freeze(new Error("frozen"))],
    ["an object", { status: 404 }],
    ["a function", () => {}],
    ["a response that was chosen", createError(409, { headers: { "retry-after": "1" } })],
    ["a header that is a number", withHeaders({ "retry-after": 1 })],
    ["a header that is undefined", withHeaders({ "retry-after": undefined })],
    ["a list of values", withHeaders({ "set-cookie": ["a=b", "c=d"] })],
    ["headers that are none", withHeaders("none")],
  ])("leaves %s unchanged", (_name, thrown) => {
    expect(unreadableError(thrown)).toBeNull();
  });
});

function withHeaders(headers: unknown): Error {
  return Object.assign(new Error("x"), { headers });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
