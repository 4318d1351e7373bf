import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isReissueError } from "../common/reissue-error.ts";
import { classify } from "./classify.ts";
import type { Evidence, Failure } from "./failure.ts";
import { isKind, isPhase } from "./failure-spec.ts";

function isFailure(failure: Failure): boolean {
  return (
    isKind(failure.kind) &&
    isPhase(failure.phase) &&
    ["unsent", "stale", "unknown", "delivered"].includes(failure.delivery) &&
    [502, 503, 504, null].includes(failure.status) &&
    (failure.token === null) === (failure.status === null) &&
    typeof failure.transient === "boolean" &&
    (failure.code === null || (typeof failure.code === "string" && failure.code.length <= 80))
  );
}

function explode(): never {
  throw new Error("hands off");
}

const handler = new Proxy({}, { get: () => explode });
const hostileProxy: object = new Proxy(new Error("x"), handler);
const revoked = Proxy.revocable([], {});
revoked.revoke();

function exploding(...keys: readonly string[]): object {
  const error = new Error("x");
  for (const key of keys) Object.defineProperty(error, key, { get: explode });
  return error;
}

function chainOf(depth: number, innermost: object): Error {
  let error = new Error("0", { cause: innermost });
  for (let level = 1; level < depth; level += 1) error = new Error(String(level), { cause: error });
  return error;
}

const refused = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
const cyclic = new Error("cycle");
cyclic.cause = new AggregateError([new Error("inner", { cause: cyclic }), cyclic]);
const endless: object = {
  get cause() {
    return { ...Object.getOwnPropertyDescriptors(endless), cause: Object.create(endless) };
  },
};
Object.defineProperty(endless, "errors", {
  get: () => [Object.create(endless), Object.create(endless)],
});

describe("a hostile value", () => {
  it.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a string", "ECONNRESET"],
    ["a number", 14],
    ["a symbol", Symbol("ECONNRESET")],
    ["a bigint", 502n],
    ["a function", explode],
    ["an object without a prototype", Object.create(null)],
    ["an error without a prototype", Object.setPrototypeOf(new Error("x"), null)],
    ["a cycle", cyclic],
    ["a chain without an end", endless],
    ["a proxy that throws at everything", hostileProxy],
    ["a revoked proxy", revoked.proxy],
    ["a revoked proxy as errors", { errors: revoked.proxy }],
    ["a proxy as cause", new Error("x", { cause: hostileProxy })],
    ["getters that throw", exploding("code", "name", "message", "cause", "errors", "constructor")],
    ["a response that throws", exploding("response", "config", "syscall", "event", "expose")],
    ["an impossible length", { errors: new Proxy([], { get: () => Number.NaN }) }],
    ["a code that is no string", Object.assign(new Error("x"), { code: { toString: explode } })],
    ...["__proto__", "constructor", "toString", "hasOwnProperty"].flatMap((code) => [
      [`the code ${code}`, Object.assign(new Error("x"), { code, syscall: code })] as [
        string,
        unknown,
      ],
      [`the code ${code} of a call`, { code, syscall: "connect", event: code, name: code }] as [
        string,
        unknown,
      ],
    ]),
    ["a code of a megabyte", { code: "HPE_".padEnd(1_000_000, "A") }],
  ])(`%s gets the kind and the delivery "unknown"`, (_, value) => {
    const failure = classify(value);
    expect(failure).toMatchObject({
      kind: "unknown",
      delivery: "unknown",
      status: null,
      code: null,
    });
  });

  it("its readable parts are still used", () => {
    const frozen = Object.freeze(Object.assign(new Error("x"), { code: "ECONNREFUSED" }));
    expect(classify(frozen).kind).toBe("refused");
    expect(
      classify(Object.assign(exploding("message", "cause"), { code: "ECONNRESET" })).kind,
    ).toBe("reset");
    expect(classify({ code: "ECONNREFUSED" }).kind).toBe("refused");
    expect(classify({ cause: { cause: { code: "ECONNREFUSED" } } }).kind).toBe("refused");
    const selfCaused = Object.assign(new Error("x"), { code: "ECONNREFUSED" });
    selfCaused.cause = selfCaused;
    expect(classify(selfCaused).kind).toBe("refused");
  });

  it("its causes are followed to a limited depth and width", () => {
    expect(classify(chainOf(8, refused)).kind).toBe("refused");
    expect(classify(chainOf(5000, refused)).kind).toBe("unknown");
    const many = Array.from({ length: 100_000 }, () => refused);
    expect(classify(new AggregateError(many)).delivery).not.toBe("unsent");
  });

  it("a forged failure does not pass as the failure of an UpstreamError", () => {
    const forged = Object.assign(new Error("x"), {
      [Symbol.for("reissue.error")]: true,
      failure: { kind: "constructor", phase: "connect", delivery: "unsent", status: 200 },
    });
    expect(classify(forged).kind).toBe("unknown");
    const half = Object.assign(new Error("x"), {
      [Symbol.for("reissue.error")]: true,
      failure: {
        kind: "reset",
        phase: "request",
        delivery: "stale",
        status: 200,
        token: "x\r\ny: z",
      },
    });
    expect(classify(half)).toMatchObject({ status: 502, token: "connection_terminated" });
  });
});

const words = fc.constantFrom(
  ...["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT", "ECONNABORTED", "ENOENT", "ABORT_ERR"],
  ...["UND_ERR_SOCKET", "ERR_BAD_RESPONSE", "ERR_CANCELED", "HPE_INVALID_CONSTANT", "EPROTO"],
  ...["connect", "read", "write", "getaddrinfo", "queryA", "open", "response", "TimeoutError"],
  ...["AbortError", "TypeError", "fetch failed", "terminated", "aborted", "request.aborted"],
  ...["connect ECONNRESET 1.2.3.4:5", "socket hang up", "Connection terminated", "__proto__"],
);
const keys = fc.constantFrom(
  ...["code", "name", "message", "syscall", "cause", "errors", "response", "event", "details"],
  ...[
    "metadata",
    "config",
    "signal",
    "reason",
    "statusCode",
    "status",
    "expose",
    "type",
    "failure",
  ],
);
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    words,
    fc.anything(),
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(keys, tie("tree"), { maxKeys: 7 }),
    fc
      .dictionary(keys, tie("tree"), { maxKeys: 5 })
      .map((fields) => Object.assign(new Error("x"), fields)),
  ),
}));
const flag = fc.option(fc.boolean(), { nil: undefined });
const phases = [
  "dns",
  "connect",
  "tls",
  "pool",
  "request",
  "response-headers",
  "response-body",
] as const;
const evidences: fc.Arbitrary<Evidence> = fc.record({
  written: flag,
  reused: flag,
  responseStarted: flag,
  diedAfterMs: fc.option(fc.constantFrom(0, 50, 60, 5000), { nil: undefined }),
  roundTripMs: fc.option(fc.constantFrom(0, 100, Infinity), { nil: undefined }),
  delivered: flag,
  aborted: flag,
  timedOut: flag,
  phase: fc.option(fc.constantFrom(...phases, "unknown" as const), { nil: undefined }),
});

describe("any value at all", () => {
  it("gets a failure, the same one each time", () => {
    fc.assert(
      fc.property(tree, evidences, (value, evidence) => {
        const failure = classify(value, evidence);
        expect(isFailure(failure)).toBe(true);
        expect(classify(value, evidence)).toEqual(failure);
      }),
      { numRuns: 2000 },
    );
  });

  it("is unsent if it was never written", () => {
    fc.assert(
      fc.property(tree, evidences, (value, evidence) => {
        expect(classify(value, { ...evidence, written: false }).delivery).toBe("unsent");
      }),
    );
  });

  it("is unsent without evidence only before the request, or on a refused stream", () => {
    fc.assert(
      fc.property(tree, (value) => {
        const { delivery, phase, kind } = classify(value);
        const early = ["dns", "connect", "tls", "pool"].includes(phase);
        if (delivery === "unsent") expect(early || kind === "refused-stream").toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("is never stronger than the facts of the connection allow", () => {
    fc.assert(
      fc.property(tree, evidences, (value, evidence) => {
        const { delivery, kind } = classify(value, evidence);
        if (evidence.written === false) return;
        if (evidence.delivered === true) expect(delivery).toBe("delivered");
        if (evidence.written === true && kind !== "refused-stream")
          expect(delivery).not.toBe("unsent");
        if (evidence.responseStarted === true) expect(["unsent", "stale"]).not.toContain(delivery);
        if (delivery === "stale") {
          expect(evidence).toMatchObject({ reused: true, responseStarted: false });
          expect(kind).toBe("reset");
          expect(evidence.diedAfterMs).toBeLessThan(1000);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is never made safer by the reason for which its sender gave up", () => {
    const order = ["delivered", "unknown", "stale", "unsent"];
    fc.assert(
      fc.property(tree, flag, flag, (value, aborted, timedOut) => {
        const alone = order.indexOf(classify(value).delivery);
        const known = order.indexOf(classify(value, { aborted, timedOut }).delivery);
        expect(known).toBeLessThanOrEqual(alone);
      }),
      { numRuns: 2000 },
    );
  });

  it("is recognised as an error of Reissue or not, without a throw", () => {
    for (const value of [hostileProxy, revoked.proxy, null, undefined, "x"]) {
      expect(isReissueError(value)).toBe(false);
    }
    fc.assert(fc.property(tree, (value) => !isReissueError(value)));
  });

  it("is aborted or timed out if the sender says so", () => {
    fc.assert(
      fc.property(tree, evidences, (value, evidence) => {
        expect(classify(value, { ...evidence, aborted: true }).status).toBeNull();
        const late = classify(value, { ...evidence, aborted: false, timedOut: true });
        expect(late).toMatchObject({ kind: "timeout", status: 504 });
      }),
    );
  });
});
