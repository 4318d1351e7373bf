import createError from "http-errors";
import { describe, expect, it } from "vitest";

import { classify } from "../failure/classify.ts";
import { gatewayError } from "./gateway-error.ts";
import { proxyStatus } from "./proxy-status.ts";

function failed(code: string, properties: object = {}): Error {
  return Object.assign(new Error(`${code} 10.0.0.7:3000`), { code }, properties);
}

const refused = failed("ECONNREFUSED");
const full = failed("UND_ERR_MAX_ORIGINS_REACHED");
const late = failed("UND_ERR_HEADERS_TIMEOUT");

describe("gatewayError", () => {
  it.each([
    [refused, 502, "Bad Gateway"],
    [full, 503, "Service Unavailable"],
    [late, 504, "Gateway Timeout"],
  ])("gives a retry-safe request %s its gateway status", (cause, status, message) => {
    const error = gatewayError(classify(cause), { retrySafe: true, cause });
    expect(error).toMatchObject({ status, statusCode: status, expose: false, message });
    expect(error?.headers).toEqual({
      "x-should-retry": "true",
      "Cache-Control": "no-store",
      ...(status === 503 && { "Retry-After": "1" }),
    });
  });

  it.each([refused, full, late])("gives any other request a 500, even for %s", (cause) => {
    const error = gatewayError(classify(cause), { retrySafe: false, cause });
    expect(error).toMatchObject({ status: 500, expose: false, message: "Internal Server Error" });
    expect(error?.headers).toEqual({ "x-should-retry": "false", "Cache-Control": "no-store" });
  });

  it("gives a 500 to an unsafe request that was never sent, since a load balancer does not know that", () => {
    const failure = classify(late, { written: false });
    expect(failure.delivery).toBe("unsent");
    expect(gatewayError(failure, { retrySafe: false, cause: late })?.status).toBe(500);
  });

  it.each([
    [refused, 502],
    [full, 503],
    [late, 504],
  ])(`always converts %s with convert: "always", and still asks for no retry`, (cause, status) => {
    const error = gatewayError(classify(cause), { retrySafe: false, convert: "always", cause });
    expect(error?.status).toBe(status);
    expect(error?.headers).toEqual({ "x-should-retry": "false", "Cache-Control": "no-store" });
  });

  it("rounds Retry-After up to whole seconds", () => {
    const error = gatewayError(classify(full), {
      retrySafe: true,
      retryAfterSeconds: 2.2,
      cause: full,
    });
    expect(error?.headers["Retry-After"]).toBe("3");
  });

  it.each([
    ["an abort of the caller's", new DOMException("", "AbortError")],
    ["an error that is no transport failure", new TypeError("x is not a function")],
    ["a response that was chosen", createError(404, { cause: refused })],
    [
      "one of NestJS or Hono",
      Object.assign(new Error("no such order", { cause: refused }), {
        status: 404,
        getResponse() {},
      }),
    ],
    ["nothing", null],
  ])("leaves %s unchanged", (_, thrown) => {
    expect(gatewayError(classify(thrown), { retrySafe: true, cause: thrown })).toBeNull();
  });

  it("leaves its own error response unchanged if it meets it again", () => {
    const error = gatewayError(classify(refused), { retrySafe: true, cause: refused });
    expect(gatewayError(classify(error), { retrySafe: true, cause: error })).toBeNull();
  });

  it("makes an error of the class of http-errors", () => {
    const error = gatewayError(classify(refused), { retrySafe: true, cause: refused });
    expect(createError.isHttpError(error)).toBe(true);
    expect(error).toBeInstanceOf(createError.BadGateway);
    expect(error?.name).toBe("BadGatewayError");
  });

  it("never changes the cause, and never takes over its status, headers or message", () => {
    const cause = Object.freeze(
      failed("ECONNREFUSED", { status: 200, statusCode: 200, headers: { "set-cookie": "a=b" } }),
    );
    const error = gatewayError(classify(cause), { retrySafe: true, cause });
    expect(error).toMatchObject({ status: 502, message: "Bad Gateway" });
    expect(error?.headers).not.toHaveProperty("set-cookie");
    expect(error?.cause).toBe(cause);
    expect(JSON.stringify(error)).not.toContain("10.0.0.7");
  });

  it("makes a new error each time", () => {
    const options = { retrySafe: true, cause: refused };
    const [one, other] = [0, 1].map(() => gatewayError(classify(refused), options));
    expect(one).not.toBe(other);
    expect(one?.headers).not.toBe(other?.headers);
  });
});

describe("proxyStatus", () => {
  it.each([
    ["edge-1.example", "edge-1.example; error=connection_refused"],
    ["my proxy", '"my proxy"; error=connection_refused'],
    ['a "b" \\c', '"a \\"b\\" \\\\c"; error=connection_refused'],
  ])("uses the name %s", (name, value) => {
    expect(proxyStatus(name, classify(refused))).toBe(value);
  });

  it("says nothing without a transport failure, or under a name that no field can hold", () => {
    expect(proxyStatus("edge", classify(new Error("no")))).toBeNull();
    expect(proxyStatus("edge\r\nx: y", classify(refused))).toBeNull();
    expect(proxyStatus("straße", classify(refused))).toBeNull();
  });
});
