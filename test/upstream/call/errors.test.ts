import { setTimeout as sleep } from "node:timers/promises";

import { isReissueError } from "@reissue/core";
import { manualClock, type Fault } from "@reissue/testing";
import { UpstreamError, type Upstream, type UpstreamOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { impatient } from "../../support/upstream/client.ts";

async function thrownBy(call: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  if (!(error instanceof UpstreamError)) throw new Error("no UpstreamError", { cause: error });
  return error;
}

/** Reads the answer to its end. */
async function read(upstream: Upstream, url: string, options: object): Promise<string> {
  const { body } = await upstream.request(url, options);
  return body.text();
}

interface Row {
  readonly name: string;
  readonly fault: Fault | "refused";
  readonly method?: string;
  readonly reused?: boolean;
  readonly options?: UpstreamOptions;
  readonly error: Partial<UpstreamError>;
  /** Message, below the method and the origin. */
  readonly message: string;
  readonly attempts: readonly object[];
  readonly cause: object;
}

const reset = { code: "ECONNRESET" };
const other = { code: "UND_ERR_SOCKET" };
const failed = { status: null };

const rows: readonly Row[] = [
  {
    name: "a POST on a stale socket",
    message:
      "connection reset, it was most likely not processed (ECONNRESET); not sent again: not-retry-safe",
    fault: { fault: "reset" },
    method: "POST",
    reused: true,
    options: { clock: manualClock() },
    error: { code: "ERR_REISSUE_UPSTREAM_STALE", delivery: "stale", reason: "not-retry-safe" },
    attempts: [{ ...failed, reused: true, idleMs: expect.any(Number), error: reset }],
    cause: reset,
  },
  {
    name: "a POST on a fresh one",
    message:
      "connection reset, it may have been processed (UND_ERR_SOCKET); not sent again: not-retry-safe",
    fault: { fault: "end" },
    method: "POST",
    error: { code: "ERR_REISSUE_UPSTREAM_UNKNOWN", delivery: "unknown", reason: "not-retry-safe" },
    attempts: [{ ...failed, reused: false, idleMs: null, error: other }],
    cause: other,
  },
  {
    name: "a GET that fails each time",
    message:
      "connection reset, it may have been processed (ECONNRESET); not sent again: attempts-exhausted",
    fault: { fault: "reset" },
    reused: true,
    options: { clock: manualClock() },
    error: {
      code: "ERR_REISSUE_UPSTREAM_UNKNOWN",
      delivery: "unknown",
      reason: "attempts-exhausted",
    },
    attempts: [true, false, false, false].map((reused) => ({ ...failed, reused, error: reset })),
    cause: reset,
  },
  {
    name: "garbage for a response",
    message:
      "response is not valid HTTP, it may have been processed; not sent again: condition-not-listed",
    fault: { fault: "garbage" },
    error: {
      code: "ERR_REISSUE_UPSTREAM_UNKNOWN",
      delivery: "unknown",
      reason: "condition-not-listed",
    },
    attempts: [{ ...failed, failure: { kind: "protocol" } }],
    cause: { name: "HTTPParserError" },
  },
  {
    name: "a response cut in its head",
    message:
      "connection reset, it may have been processed (ECONNRESET); not sent again: not-retry-safe",
    fault: { fault: "cut-headers" },
    method: "POST",
    reused: true,
    error: { code: "ERR_REISSUE_UPSTREAM_UNKNOWN", delivery: "unknown", reason: "not-retry-safe" },
    attempts: [{ ...failed, reused: true, failure: { phase: "response-headers" } }],
    cause: reset,
  },
  {
    name: "a held response that is cut each time",
    message:
      "connection reset, it may have been processed (ECONNRESET); not sent again: attempts-exhausted",
    fault: { fault: "cut-body" },
    error: {
      code: "ERR_REISSUE_UPSTREAM_UNKNOWN",
      delivery: "unknown",
      reason: "attempts-exhausted",
    },
    attempts: [1, 2, 3].map((attempt) => ({
      attempt,
      status: 200,
      failure: { delivery: "unknown" },
    })),
    cause: reset,
  },
  {
    name: "a response cut after the caller has got it",
    message:
      "response cut off, its response had begun (ECONNRESET); not sent again: response-started",
    fault: { fault: "cut-chunked" },
    error: {
      code: "ERR_REISSUE_UPSTREAM_RESPONSE_STARTED",
      delivery: "delivered",
      reason: "response-started",
    },
    attempts: [{ status: 200, failure: { kind: "incomplete", delivery: "delivered" } }],
    cause: reset,
  },
  {
    name: "no listening server",
    message:
      "connection refused, it was not sent (ECONNREFUSED); not sent again: attempts-exhausted",
    fault: "refused",
    method: "POST",
    options: { retry: { unsentWindowMs: 0, totalTimeoutMs: 1000 } },
    error: {
      code: "ERR_REISSUE_UPSTREAM_UNSENT",
      delivery: "unsent",
      reason: "attempts-exhausted",
    },
    attempts: [{ ...failed, reused: null, idleMs: null, repeats: 2 }],
    cause: { code: "ECONNREFUSED" },
  },
];

describe.each(["upstream()", "upstream.request()"])("an error through %s", (way) => {
  test.each(rows)(
    "has its code, delivery and status: $name",
    async ({ fault, method = "GET", reused = false, options, ...expected }) => {
      const server = await opened();
      const upstream = impatient(options);
      if (reused) {
        await (await upstream(server.origin)).text();
        // real time: a connection that came back within the last millisecond is spared for what cannot be resent.
        await sleep(5);
      }
      if (fault === "refused") await server.refuse();
      else server.setFaults([fault]);
      const call =
        way === "upstream()"
          ? upstream(server.origin, { method }).then((response) => response.text())
          : read(upstream, server.origin, { method });
      const thrown: unknown = await call.catch((error: unknown) => error);
      // What cuts a body that fetch has given out stands behind fetch's own error.
      const behind = way === "upstream()" && expected.error.delivery === "delivered";
      if (behind) expect(thrown).toMatchObject({ name: "TypeError", message: "terminated" });
      const error = (behind ? (thrown as Error).cause : thrown) as UpstreamError;
      expect(error).toBeInstanceOf(UpstreamError);
      expect(isReissueError(error)).toBe(true);
      expect(error).toMatchObject({
        ...expected.error,
        name: "UpstreamError",
        origin: server.origin,
      });
      expect(error.attempts).toMatchObject(expected.attempts);
      expect(error.attempts.map(({ attempt }) => attempt)).toEqual(
        expected.attempts.map((_, at) => at + 1),
      );
      expect(error.attempts).toHaveLength(expected.attempts.length);
      expect(error.cause).toMatchObject(expected.cause);
      expect(error.cause).toBe(error.attempts.at(-1)?.error);
      for (const each of error.attempts) expect(each.durationMs).toBeGreaterThanOrEqual(0);
      expect(error.message).toBe(`${method} ${server.origin}: ${expected.message}`);
      expect(error.stack).toContain(`  [cause]: ${(error.cause as Error).stack?.split("\n")[0]}\n`);
    },
  );
});

describe("the delivery of several attempts", () => {
  async function outcome(
    faults: readonly (Fault | null)[],
    refuse: boolean,
  ): Promise<UpstreamError> {
    const server = await opened();
    const upstream = impatient({
      retry: { unsentWindowMs: 20, backOff: { baseMs: 4 }, attemptTimeoutMs: 100 },
    });
    await (await upstream(server.origin)).text();
    if (refuse) await server.refuse();
    server.script(faults);
    return thrownBy(read(upstream, server.origin, { method: "PUT", body: "a" }));
  }

  test("is stale if one was stale and the next refused", async () => {
    const error = await outcome([{ fault: "reset" }], true);
    expect(error).toMatchObject({ code: "ERR_REISSUE_UPSTREAM_STALE", delivery: "stale" });
    expect(error.failure).toMatchObject({ kind: "refused", delivery: "stale" });
    expect(error.attempts[0]).toMatchObject({ reused: true, failure: { delivery: "stale" } });
    expect(error.attempts.at(-1)).toMatchObject({ reused: null, failure: { delivery: "unsent" } });
  });

  test("is unknown if one response was cut and the next attempt refused", async () => {
    const busy: Fault = { fault: "status", headers: { connection: "close" } };
    const error = await outcome([busy], true);
    expect(error).toMatchObject({ code: "ERR_REISSUE_UPSTREAM_UNKNOWN", delivery: "unknown" });
    expect(error.attempts[0]).toMatchObject({ status: 503, failure: null, error: null });
  });

  test("is unknown if one was stale and the next response did not come in time", async () => {
    const error = await outcome([{ fault: "reset" }, { fault: "hang" }], false);
    expect(error).toMatchObject({ code: "ERR_REISSUE_UPSTREAM_TIMEOUT", delivery: "unknown" });
    expect(error.attempts).toMatchObject([{ reused: true }, { reused: false }]);
  });
});

test("a POST that was redirected to an upstream that is down counts as possibly processed", async () => {
  const down = await opened();
  await down.refuse();
  const server = await opened({ respond: { status: 303, headers: { location: down.origin } } });
  const upstream = impatient({ retry: { unsentWindowMs: 0 } });
  const error = await thrownBy(upstream(server.origin, { method: "POST", body: "once" }));
  expect(error).toMatchObject({ delivery: "unknown", origin: down.origin });
  expect(server.processedCount).toBe(1);
});

test("an origin whose requests all fail exhausts its budget, and the error says so", async () => {
  const server = await opened({ faults: [{ fault: "reset" }] });
  const upstream = impatient({ retry: { budget: { ratio: 0, minPerSecond: 1 } } });
  const errors = await Promise.all(
    Array.from({ length: 6 }, () => thrownBy(read(upstream, server.origin, {}))),
  );
  expect(new Set(errors.map(({ reason }) => reason))).toContain("budget-exhausted");
  expect(server.requests).toHaveLength(8);
});
