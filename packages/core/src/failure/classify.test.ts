import createError from "http-errors";
import { describe, expect, it } from "vitest";

import { OptionError } from "../common/reissue-error.ts";
import { UpstreamError } from "../history/upstream-error.ts";
import { classify } from "./classify.ts";
import type { Failure } from "./failure.ts";
import { aggregate, fetchFailed, system, terminated, thrown } from "./thrown.test.fixture.ts";

const unknown: Failure = {
  kind: "unknown",
  phase: "unknown",
  delivery: "unknown",
  status: null,
  token: null,
  transient: false,
  code: null,
};

describe("a value that is no transport failure", () => {
  it.each([
    new TypeError("x is not a function"),
    thrown("invalid", { name: "ValidationError", code: "E_VALIDATION" }),
    thrown("duplicate key", { code: "23505", severity: "ERROR", detail: "Key (id)=(1) exists." }),
    thrown("Duplicate entry", { code: "ER_DUP_ENTRY", errno: 1062, sqlState: "23000" }),
    // Files, processes and listening sockets, whose codes a connection may have too.
    thrown("ENOENT: no such file or directory, open '/a'", { code: "ENOENT", syscall: "open" }),
    thrown("EACCES: permission denied, open '/a'", { code: "EACCES", syscall: "open" }),
    thrown("EMFILE: too many open files, open '/a'", { code: "EMFILE", syscall: "open" }),
    thrown("EPIPE: broken pipe, write", { code: "EPIPE", syscall: "write", errno: -32 }),
    thrown("listen EADDRNOTAVAIL", { code: "EADDRNOTAVAIL", syscall: "listen" }),
    thrown("spawn ENOENT", { code: "ENOENT", syscall: "spawn git" }),
    // fetch fails for reasons of its own.
    fetchFailed(new Error("bad port")),
    fetchFailed(new Error("redirect count exceeded")),
    fetchFailed(
      thrown("Proxy response (403) !== 200 when HTTP Tunneling", {
        name: "AbortError",
        code: "UND_ERR_ABORTED",
      }),
    ),
    thrown("Network Error", { code: "ERR_NETWORK", cause: new Error("bad port") }),
    // Answers
    thrown("Request failed with status code 503", {
      code: "ERR_BAD_RESPONSE",
      status: 503,
      response: { status: 503 },
    }),
    thrown("Response Error", { code: "UND_ERR_RESPONSE", statusCode: 404 }),
    thrown("invalid json response body", { name: "FetchError", type: "invalid-json" }),
    thrown("5 NOT_FOUND: no such order", { code: 5, details: "no such order", metadata: {} }),
    createError(502, "I chose this", { cause: system("connect", "ECONNREFUSED") }),
    createError(503, "Response timeout", { code: "ETIMEDOUT" }),
    createError(400, "incorrect header check", { code: "Z_DATA_ERROR" }),
    // Codes and words that are somebody else's
    thrown("conflict", { code: "ABORTED" }),
    thrown("Purpose is invalid", { code: "INVALID_PURPOSE" }),
    thrown("Connection timeouts are billed"),
    thrown("14", { code: 14 }),
    new OptionError("idleMs", "must be a number"),
  ])("%s is classified as unknown", (error) => {
    expect(classify(error)).toEqual(unknown);
  });
});

describe("several errors in one", () => {
  const refused = system("connect", "ECONNREFUSED");
  const reset = system("read", "ECONNRESET");

  it("promise what the weakest of them promises", () => {
    expect(classify(aggregate([refused, refused])).delivery).toBe("unsent");
    expect(classify(aggregate([refused, reset, refused]))).toMatchObject({
      kind: "reset",
      delivery: "unknown",
    });
    expect(classify(aggregate([reset, terminated(reset)])).delivery).toBe("delivered");
  });

  it("are no transport failure if one of them is none", () => {
    expect(classify(aggregate([refused, new TypeError("x is not a function")]))).toEqual(unknown);
    expect(classify(aggregate([refused, new Error("no")], { code: "ECONNREFUSED" }))).toMatchObject(
      {
        kind: "refused",
        delivery: "unknown",
      },
    );
  });

  it("may share a cause", () => {
    const wrapped = new Error("again", { cause: refused });
    expect(classify(aggregate([refused, wrapped, refused])).kind).toBe("refused");
  });
});

describe("an UpstreamError", () => {
  const failure: Failure = {
    kind: "reset",
    phase: "request",
    delivery: "stale",
    status: 502,
    token: "connection_terminated",
    transient: true,
    code: "ECONNRESET",
  };
  const upstreamError = new UpstreamError({
    failure,
    reason: "not-retry-safe",
    method: "POST",
    origin: "http://orders:3000",
    attempts: [],
    cause: system("connect", "ECONNREFUSED"),
  });

  it.each([
    ["itself", upstreamError],
    ["wrapped", new Error("payment failed", { cause: upstreamError })],
    ["under fetch", terminated(upstreamError)],
    [
      "under a client that adds a code and a response",
      thrown("x", { code: "EPIPE", response: {}, cause: upstreamError }),
    ],
    [
      "as the detail of Stripe's",
      thrown("x", { type: "StripeConnectionError", detail: upstreamError }),
    ],
    [
      "as the network error of urql's",
      thrown("x", { name: "CombinedError", networkError: upstreamError }),
    ],
    ["as the reason of an abort", thrown("", { code: "ABORT_ERR", cause: upstreamError })],
  ])("keeps its own failure: %s", (_, error) => {
    expect(classify(error)).toEqual(failure);
  });

  it("keeps a token that does not belong to its kind", () => {
    const odd = classify(thrown("length", { code: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" }));
    const error = new UpstreamError({
      failure: odd,
      reason: "response-started",
      method: "POST",
      origin: "http://orders:3000",
      attempts: [],
      cause: null,
    });
    expect(classify(error)).toEqual(odd);
  });
});

it.each(["detail", "networkError"])(
  "%s is a cause only if it is an error, since problem details relay the words of an upstream",
  (key) => {
    const relayed = { code: "ECONNREFUSED", syscall: "connect", message: "connect ECONNREFUSED" };
    expect(classify(thrown("no such order", { status: 422, [key]: relayed })).kind).toBe("unknown");
    const error = system("connect", "ECONNREFUSED");
    expect(classify(thrown("no such order", { [key]: error })).kind).toBe("refused");
  },
);

it("the deciding code is named", () => {
  expect(classify(fetchFailed(system("connect", "ECONNREFUSED"))).code).toBe("ECONNREFUSED");
  expect(classify(thrown("14 UNAVAILABLE: x", { code: 14, details: "x" })).code).toBe(
    "UNAVAILABLE",
  );
  expect(classify(new DOMException("", "TimeoutError")).code).toBeNull();
  expect(classify(thrown("", { name: "TimeoutError", code: "E_MINE" })).code).toBeNull();
});
