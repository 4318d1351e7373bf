import { describe, expect, it } from "vitest";

import { classify } from "./classify.ts";

function failed(code: string, message = code, properties: object = {}): Error {
  return Object.assign(new Error(message), { code }, properties);
}

const reset = failed("ECONNRESET", "socket hang up");
const cut = failed("ECONNRESET", "aborted");
const refused = failed("ECONNREFUSED");
const refusedStream = failed("ERR_HTTP2_GOAWAY_SESSION");
const bug = new TypeError("x is not a function");

describe("written", () => {
  it.each([reset, cut, refused, bug, null, failed("UND_ERR_BODY_TIMEOUT")])(
    "makes %s unsent if it is false",
    (error) => {
      expect(classify(error, { written: false }).delivery).toBe("unsent");
    },
  );

  it("says that a connection was waited for if it is false, whatever the error says", () => {
    expect(classify(reset, { written: false })).toMatchObject({ kind: "reset", phase: "pool" });
    expect(classify(cut, { written: false })).toMatchObject({ kind: "reset", phase: "pool" });
    expect(classify(refused, { written: false }).phase).toBe("connect");
  });

  it("does not make a transport failure of any other error if it is false", () => {
    expect(classify(bug, { written: false })).toMatchObject({ kind: "unknown", status: null });
  });

  it("revokes an unsent that the error promised if it is true, except for a refused stream", () => {
    expect(classify(refused, { written: true }).delivery).toBe("unknown");
    expect(classify(refusedStream, { written: true }).delivery).toBe("unsent");
    expect(classify(refusedStream, { responseStarted: true }).delivery).toBe("unknown");
  });
});

describe("reused", () => {
  const stale = { reused: true, responseStarted: false, written: true, diedAfterMs: 1 };

  it.each([
    reset,
    failed("EPIPE", "write EPIPE", { syscall: "write" }),
    failed("ECONNRESET", "read ECONNRESET", { syscall: "read" }),
    failed("UND_ERR_SOCKET", "other side closed"),
    cut,
  ])("makes %s stale before the first response byte", (error) => {
    const failure = classify(error, stale);
    expect(failure).toMatchObject({ kind: "reset", phase: "request", delivery: "stale" });
    expect(failure).toMatchObject({ status: 502, token: "connection_terminated" });
  });

  it.each([
    ["a fresh connection", reset, { reused: false, responseStarted: false }],
    ["a response that had begun", reset, { reused: true, responseStarted: true }],
    ["a response that may have begun", reset, { ...stale, responseStarted: undefined }],
    ["a connection that still stands", reset, { ...stale, diedAfterMs: undefined }],
    ["a death when the race was long over", reset, { ...stale, diedAfterMs: 51 }],
    ["a death two round trips later", reset, { ...stale, diedAfterMs: 201, roundTripMs: 100 }],
    ["a death a second later", reset, { ...stale, diedAfterMs: 1001, roundTripMs: 3000 }],
    ["a timeout", failed("UND_ERR_HEADERS_TIMEOUT"), stale],
    ["the caller's timer", reset, { ...stale, timedOut: true }],
    ["a response that makes no sense", failed("HPE_INVALID_CONSTANT"), stale],
    ["a bug", bug, stale],
  ])("does not make %s stale", (_, error, evidence) => {
    expect(classify(error, evidence).delivery).toBe("unknown");
  });

  it.each([
    [50, undefined],
    [50, 0],
    [200, 100],
    [1000, 3000],
  ])("makes a death after %d ms stale if a round trip takes %s", (diedAfterMs, roundTripMs) => {
    expect(classify(reset, { ...stale, diedAfterMs, roundTripMs }).delivery).toBe("stale");
  });

  it("does not weaken a request that was never sent", () => {
    expect(classify(refused, { ...stale, written: undefined }).delivery).toBe("unsent");
    expect(classify(refusedStream, stale).delivery).toBe("unsent");
  });
});

describe("delivered", () => {
  it("makes the failure delivered if it is true, so that the death of a connection cut the body", () => {
    expect(classify(reset, { delivered: true })).toMatchObject({
      kind: "incomplete",
      phase: "response-body",
      delivery: "delivered",
      token: "http_response_incomplete",
    });
    expect(classify(bug, { delivered: true }).delivery).toBe("delivered");
  });

  it("makes a failure of the body unknown if it is false", () => {
    expect(classify(cut).delivery).toBe("delivered");
    expect(classify(cut, { delivered: false })).toMatchObject({
      kind: "incomplete",
      delivery: "unknown",
    });
    expect(classify(failed("UND_ERR_BODY_TIMEOUT"), { delivered: false }).delivery).toBe("unknown");
  });
});

describe("timedOut", () => {
  it.each([
    [reset, "response-headers", "http_response_timeout", "unknown"],
    [cut, "response-body", "connection_read_timeout", "delivered"],
    [refused, "connect", "connection_timeout", "unsent"],
    [bug, "response-headers", "http_response_timeout", "unknown"],
    ["just a string", "response-headers", "http_response_timeout", "unknown"],
  ] as const)("makes a timeout of %s", (error, phase, token, delivery) => {
    const failure = classify(error, { timedOut: true });
    expect(failure).toMatchObject({ kind: "timeout", status: 504, phase, token, delivery });
  });

  it.each([
    ["dns", "dns_timeout"],
    ["connect", "connection_timeout"],
    ["tls", "connection_timeout"],
    ["pool", "connection_timeout"],
  ] as const)("in phase %s is %s, and unsent", (phase, token) => {
    expect(classify(reset, { timedOut: true, phase })).toMatchObject({
      kind: "timeout",
      status: 504,
      token,
      delivery: "unsent",
    });
  });
});

describe("aborted", () => {
  it("leaves no client to respond to, whatever else happened", () => {
    for (const error of [reset, cut, refused, bug, undefined]) {
      expect(classify(error, { aborted: true, timedOut: true })).toMatchObject({
        kind: "aborted",
        status: null,
        token: null,
        transient: false,
      });
    }
  });
});

describe("phase", () => {
  it("overrides the phase, and everything that follows from it", () => {
    expect(classify(reset, { phase: "tls" })).toMatchObject({ phase: "tls", delivery: "unsent" });
    expect(classify(reset, { phase: "response-body" })).toMatchObject({
      kind: "incomplete",
      delivery: "delivered",
      token: "http_response_incomplete",
    });
    expect(classify(cut, { phase: "request" })).toMatchObject({
      kind: "reset",
      delivery: "unknown",
    });
    expect(classify(failed("ENOTFOUND"), { phase: "connect" })).toMatchObject({
      kind: "dns",
      transient: false,
    });
  });

  it("proves nothing against the written flag", () => {
    expect(classify(reset, { phase: "connect", written: true }).delivery).toBe("unknown");
  });

  it("overrides nothing if it is unknown", () => {
    expect(classify(cut, { phase: "unknown" })).toEqual(classify(cut));
  });
});

describe("responseStarted", () => {
  it("places a reset in the head of the response", () => {
    expect(classify(reset, { responseStarted: true })).toMatchObject({
      kind: "reset",
      phase: "response-headers",
      delivery: "unknown",
    });
  });
});

it("missing evidence changes nothing", () => {
  for (const error of [reset, cut, refused, bug]) {
    expect(classify(error, { written: undefined, reused: undefined })).toEqual(classify(error));
  }
});
