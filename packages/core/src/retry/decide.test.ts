import { describe, expect, test } from "vitest";

import type { Failure } from "../failure/failure.ts";
import {
  decide,
  type Decision,
  type GiveUpReason,
  type Outcome,
  type RequestFacts,
  type ResendReason,
  type RetryState,
} from "./decide.ts";
import type { RetryPolicy } from "./policy.ts";
import { defaultPolicy } from "./retry-options.ts";

const get: RequestFacts = { method: "GET", keyed: false, optedIn: false, replayable: true };
const post: RequestFacts = { ...get, method: "POST" };
const keyedPost: RequestFacts = { ...post, keyed: true };
const optedInPost: RequestFacts = { ...post, optedIn: true };
const safe = [get, { ...get, method: "PUT" }, { ...get, method: "DELETE" }, keyedPost, optedInPost];

const state: RetryState = {
  attempts: 1,
  staleResends: 0,
  unsentResends: 0,
  unsentSinceMs: null,
  nowMs: 1000,
  deadlineMs: Number.POSITIVE_INFINITY,
  budgetLeft: true,
  staleBudgetLeft: true,
  aborted: false,
  random: 0.5,
};

const reset: Failure = {
  kind: "reset",
  phase: "request",
  delivery: "unknown",
  status: 502,
  token: "connection_terminated",
  transient: true,
  code: "ECONNRESET",
};

const failed = (failure: Partial<Failure>): Outcome => ({
  type: "failure",
  failure: { ...reset, ...failure },
});
const refused = failed({ kind: "refused", phase: "connect", delivery: "unsent" });
const diedInPool = failed({ phase: "pool", delivery: "unsent" });
const stale = failed({ delivery: "stale" });
const unknown = failed({ delivery: "unknown" });
const timedOut = failed({ kind: "timeout", phase: "response-headers" });
const delivered = failed({ phase: "response-body", delivery: "delivered" });
const answered = (status: number, retryAfterMs: number | null = null): Outcome => ({
  type: "answer",
  status,
  retryAfterMs,
});

const resend = (reason: ResendReason, delayMs: number, connection: "fresh" | "any"): Decision => ({
  action: "resend",
  delayMs,
  connection,
  reason,
});
const giveUp = (reason: GiveUpReason): Decision => ({ action: "give-up", reason });

function decided(
  outcome: Outcome,
  request: RequestFacts,
  changes: Partial<RetryState> = {},
  policy: Partial<RetryPolicy> = {},
): Decision {
  return decide(outcome, request, { ...defaultPolicy, ...policy }, { ...state, ...changes });
}

describe("a stale socket", () => {
  test.each(safe)("a safe request is resent at once, on a fresh connection: %j", (request) => {
    expect(decided(stale, request)).toEqual(resend("stale-socket", 0, "fresh"));
  });

  test("a plain POST is not resent", () => {
    expect(decided(stale, post)).toEqual(giveUp("not-retry-safe"));
    expect(decided(stale, { ...get, method: "get" })).toEqual(giveUp("not-retry-safe"));
  });

  test("a stale resend does not count against attempts and budget, but has its own limit", () => {
    const spent = { attempts: 3, budgetLeft: false };
    expect(decided(stale, get, spent)).toEqual(resend("stale-socket", 0, "fresh"));
    expect(decided(stale, get, { staleBudgetLeft: false })).toEqual(giveUp("budget-exhausted"));
  });

  test("the second stale socket of a call is treated as a reset", () => {
    expect(decided(stale, get, { staleResends: 1 })).toEqual(resend("reset", 25, "fresh"));
    const spent = { staleResends: 1, attempts: 3 };
    expect(decided(stale, get, spent)).toEqual(giveUp("attempts-exhausted"));
  });

  test("nothing is resent after the deadline, without the body, or if resets are not listed", () => {
    expect(decided(stale, get, { deadlineMs: 1000 })).toEqual(giveUp("deadline-exceeded"));
    expect(decided(stale, { ...get, replayable: false })).toEqual(giveUp("body-not-replayable"));
    expect(decided(stale, get, {}, { retryOn: [] })).toEqual(giveUp("condition-not-listed"));
  });
});

describe("a request that never left", () => {
  test("any method is resent, with back-off, on a fresh connection", () => {
    for (const request of [...safe, post]) {
      expect(decided(refused, request)).toEqual(resend("unsent", 25, "fresh"));
    }
    const third = { unsentResends: 2, unsentSinceMs: 900 };
    expect(decided(refused, post, third)).toEqual(resend("unsent", 100, "fresh"));
  });

  test("an unsent resend does not count against attempts, budget and conditions", () => {
    const spent = { attempts: 3, budgetLeft: false, staleBudgetLeft: false };
    expect(decided(refused, post, spent, { retryOn: [] })).toEqual(resend("unsent", 25, "fresh"));
  });

  test("it is resent only within the window, for the last time at its end", () => {
    const late = { nowMs: 2990, unsentSinceMs: 1000, unsentResends: 8 };
    expect(decided(refused, get, late)).toEqual(resend("unsent", 10, "fresh"));
    expect(decided(refused, get, { ...late, nowMs: 3000 })).toEqual(giveUp("attempts-exhausted"));
  });

  test("it is resent at once if a pooled socket died before the write, but only the first time", () => {
    const late = { nowMs: 9000, unsentSinceMs: 1000 };
    expect(decided(diedInPool, post)).toEqual(resend("unsent", 0, "fresh"));
    expect(decided(diedInPool, post, late)).toEqual(resend("unsent", 0, "fresh"));
    expect(decided(diedInPool, post, { unsentResends: 1 })).toEqual(resend("unsent", 50, "fresh"));
  });

  test("a full queue is handled like a refused connect, and any connection will do after a wait in line", () => {
    const full = failed({ kind: "pool", phase: "pool", delivery: "unsent" });
    const waited = failed({ kind: "timeout", phase: "pool", delivery: "unsent" });
    expect(decided(full, post)).toEqual(resend("unsent", 25, "fresh"));
    expect(decided(waited, post)).toEqual(resend("unsent", 25, "any"));
  });

  test("each wait is at most an eighth of the window, however many came before it", () => {
    const refused = failed({ kind: "refused", phase: "connect", delivery: "unsent" });
    expect(decided(refused, post, { unsentResends: 30, random: 0.5 })).toEqual(
      resend("unsent", 125, "fresh"),
    );
  });

  test("a permanent failure is not resent, with or without a window", () => {
    const unknownHost = failed({ kind: "dns", phase: "dns", delivery: "unsent", transient: false });
    for (const unsentWindowMs of [2000, 0]) {
      const policy = { unsentWindowMs };
      expect(decided(unknownHost, get, {}, policy)).toEqual(giveUp("condition-not-listed"));
    }
  });

  test("it counts as an attempt without a window, for any method, if its condition is listed", () => {
    const none = { unsentWindowMs: 0 };
    const neither = { ...none, retryOn: ["reset"] as const };
    expect(decided(refused, post, {}, none)).toEqual(resend("unsent", 25, "fresh"));
    expect(decided(refused, post, { attempts: 3 }, none)).toEqual(giveUp("attempts-exhausted"));
    expect(decided(refused, post, {}, neither)).toEqual(giveUp("condition-not-listed"));
  });
});

describe("a request whose fate is unknown", () => {
  test.each(safe)(
    "a safe request is resent with back-off, on a fresh connection: %j",
    (request) => {
      expect(decided(unknown, request)).toEqual(resend("reset", 25, "fresh"));
      expect(decided(unknown, request, { attempts: 2 })).toEqual(resend("reset", 50, "fresh"));
      expect(decided(unknown, request, { attempts: 3 })).toEqual(giveUp("attempts-exhausted"));
    },
  );

  test("a plain POST is not resent", () => {
    expect(decided(unknown, post)).toEqual(giveUp("not-retry-safe"));
  });

  test("a timeout is resent only if it is listed", () => {
    expect(decided(timedOut, get)).toEqual(giveUp("condition-not-listed"));
    const policy: Partial<RetryPolicy> = { retryOn: ["timeout"] };
    expect(decided(timedOut, get, {}, policy)).toEqual(resend("timeout", 25, "fresh"));
    expect(decided(timedOut, post, {}, policy)).toEqual(giveUp("not-retry-safe"));
  });

  test("it is not resent without a token in the budget", () => {
    expect(decided(unknown, get, { budgetLeft: false })).toEqual(giveUp("budget-exhausted"));
  });

  test("a condition covers only transport failures", () => {
    const bug = failed({ kind: "unknown", phase: "unknown", status: null, transient: false });
    expect(decided(bug, get)).toEqual(giveUp("condition-not-listed"));
  });
});

test("a request is never resent once the caller has a part of the response", () => {
  for (const request of [...safe, post]) {
    expect(decided(delivered, request)).toEqual(giveUp("response-started"));
  }
});

test("an aborted request is never resent", () => {
  for (const outcome of [refused, diedInPool, stale, unknown, delivered, answered(503)]) {
    expect(decided(outcome, get, { aborted: true })).toEqual(giveUp("aborted"));
  }
  expect(decided(failed({ kind: "aborted" }), get)).toEqual(giveUp("aborted"));
});

test("the reason after the deadline is always the deadline", () => {
  const late = { deadlineMs: 1000, attempts: 3, budgetLeft: false, staleBudgetLeft: false };
  for (const outcome of [refused, diedInPool, stale, unknown, timedOut]) {
    for (const request of [get, post, { ...get, replayable: false }]) {
      expect(decided(outcome, request, late)).toEqual(giveUp("deadline-exceeded"));
    }
  }
  expect(decided(delivered, get, late)).toEqual(giveUp("response-started"));
});

describe("a response with a status", () => {
  test.each([502, 503, 504, 429])(
    "is resent on any connection if it is %i and a resend is safe",
    (status) => {
      for (const request of safe) {
        expect(decided(answered(status), request)).toEqual(resend("status", 25, "any"));
      }
      expect(decided(answered(status), post)).toEqual(giveUp("not-retry-safe"));
    },
  );

  test.each([200, 304, 400, 404, 408, 425, 500, 501])(
    "is an ordinary response if it is %i",
    (status) => {
      expect(decided(answered(status), get)).toEqual(giveUp("condition-not-listed"));
      expect(decided(answered(status), post)).toEqual(giveUp("condition-not-listed"));
    },
  );

  test("leads to the delay of Retry-After, or to the back-off if that is longer", () => {
    expect(decided(answered(503, 7000), get)).toEqual(resend("status", 7000, "any"));
    expect(decided(answered(503, 0), get)).toEqual(resend("status", 25, "any"));
  });

  test("is given immediately if Retry-After is beyond the deadline", () => {
    const deadline = { deadlineMs: 8000 };
    expect(decided(answered(429, 6999), get, deadline)).toEqual(resend("status", 6999, "any"));
    expect(decided(answered(429, 7000), get, deadline)).toEqual(giveUp("deadline-exceeded"));
  });

  test("is rate-limited if it is 503 with Retry-After, and not without it", () => {
    const policy: Partial<RetryPolicy> = { retryOn: ["rate-limited"] };
    expect(decided(answered(503, 100), get, {}, policy)).toEqual(resend("status", 100, "any"));
    expect(decided(answered(503), get, {}, policy)).toEqual(giveUp("condition-not-listed"));
  });
});
