import { describe, expect, it } from "vitest";

import { ClosedError } from "../common/reissue-error.ts";
import { classify } from "./classify.ts";
import type { Evidence } from "./failure.ts";
import { fetchFailed, system, terminated, thrown } from "./thrown.test.fixture.ts";

const refused = system("connect", "ECONNREFUSED");
const details = "No connection established. Last error: connect ECONNREFUSED 10.0.0.7:80";

/** grpc-js' Metadata, of which only its number of fields counts. */
function grpc(code: number, words: string, fields: readonly string[]): Error {
  const internalRepr = new Map(fields.map((name) => [name, ["x"]]));
  return thrown(`${code} ${words}`, { code, details: words, metadata: { internalRepr } });
}

describe("errors that look unsent", () => {
  it.each<[string, Error]>([
    ["the last of several attempts of the AWS SDK", thrown("x", { $metadata: { attempts: 2 } })],
    ["the last of several attempts of got", thrown("x", { request: { retryCount: 1 } })],
    [
      "the last of several attempts of axios-retry",
      thrown("x", { config: { "axios-retry": { retryCount: 1 } } }),
    ],
    [
      "the last of several attempts of gaxios",
      thrown("x", { config: { retryConfig: { currentRetryAttempt: 1 } } }),
    ],
    ["the last of several attempts of superagent", thrown("x", { retries: 1 })],
    ["a failure after a response", thrown("x", { response: { status: 200 } })],
    ["what failed while a body was read", terminated(refused)],
  ])("an error is not unsent if it is %s", (_, error) => {
    const itself = Object.assign(error, { code: "ECONNREFUSED", syscall: "connect" });
    expect(classify(itself)).toMatchObject({ kind: "refused", status: 502, delivery: "unknown" });
    const around = new Error("x", { cause: itself });
    expect(classify(around)).toMatchObject({ kind: "refused", status: 502, delivery: "unknown" });
    expect(classify(itself, { written: false }).delivery).toBe("unsent");
  });

  it.each<[string, Error]>([
    ["the AWS SDK", thrown("x", { $metadata: { attempts: 1 } })],
    ["got", thrown("x", { request: { retryCount: 0 } })],
    [
      "axios-retry",
      thrown("x", { config: { "axios-retry": { retryCount: 0 } }, response: undefined }),
    ],
    ["a count that is none", thrown("x", { retries: "3", request: { retryCount: Number.NaN } })],
    ["fetch", fetchFailed(refused)],
  ])("an error is unsent at the first attempt of %s", (_, error) => {
    expect(classify(Object.assign(error, { code: "ECONNREFUSED" })).delivery).toBe("unsent");
  });

  it("an error is not unsent if a gRPC server relays the failure of a call of its own", () => {
    expect(classify(grpc(14, details, [])).delivery).toBe("unsent");
    for (const words of [details, "Name resolution failed", "Stream refused by server"]) {
      const relayed = classify(grpc(14, words, ["content-type"]));
      expect(relayed).toMatchObject({ kind: "reset", status: 502, delivery: "unknown" });
    }
    expect(classify(grpc(1, "Cancelled on client", [])).kind).toBe("aborted");
    expect(classify(grpc(1, "Cancelled on client", ["content-type"])).kind).toBe("unknown");
  });

  it("an error is not unsent if a client was destroyed under its requests", () => {
    expect(classify(new ClosedError())).toMatchObject({
      kind: "pool",
      status: 503,
      transient: false,
      delivery: "unknown",
    });
    expect(classify(new ClosedError(), { written: false }).delivery).toBe("unsent");
  });

  it.each<Evidence>([{ timedOut: true }, { aborted: true }, { timedOut: true, phase: "unknown" }])(
    "an error is not unsent if %o only says why a doubtful handshake ended",
    (evidence) => {
      const handshake = thrown("x", { code: "ERR_TLS_HANDSHAKE_TIMEOUT" });
      const chain = thrown("x", { code: "SELF_SIGNED_CERT_IN_CHAIN" });
      for (const error of [handshake, chain, thrown("x", { code: "UND_ERR_CONNECT_TIMEOUT" })]) {
        expect(classify(error).delivery).toBe("unknown");
        expect(classify(error, evidence).delivery).toBe("unknown");
        expect(classify(error, { ...evidence, written: false }).delivery).toBe("unsent");
      }
    },
  );
});
