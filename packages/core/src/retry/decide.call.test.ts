import fc from "fast-check";
import { expect, test } from "vitest";

import type { Failure } from "../failure/failure.ts";
import { decide, type Outcome, type RetryState } from "./decide.ts";
import type { RetryPolicy } from "./policy.ts";
import { defaultPolicy } from "./retry-options.ts";

const reset: Failure = {
  kind: "reset",
  phase: "request",
  delivery: "unknown",
  status: 502,
  token: "connection_terminated",
  transient: true,
  code: "ECONNRESET",
};
const outcomes = fc.constantFrom<Outcome[]>(
  { type: "failure", failure: reset },
  { type: "failure", failure: { ...reset, delivery: "stale" } },
  { type: "failure", failure: { ...reset, delivery: "unsent", phase: "connect" } },
  { type: "failure", failure: { ...reset, delivery: "unsent", phase: "pool" } },
  { type: "answer", status: 503, retryAfterMs: null },
  { type: "answer", status: 429, retryAfterMs: 700 },
);
const policies = fc
  .record({ maxAttempts: fc.integer({ min: 1, max: 9 }), unsentWindowMs: fc.nat(3000) })
  .map((changes): RetryPolicy => ({ ...defaultPolicy, ...changes }));
// No attempt ends in the instant it began, or any number of them would fit into a window.
const attempts = fc.infiniteStream(
  fc.record({
    outcome: outcomes,
    durationMs: fc.integer({ min: 1, max: 500 }),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  }),
);

/** Plays one call as a sender would keep its state; every attempt fails. */
function play(policy: RetryPolicy, deadlineMs: number, stream: Iterable<Attempt>): Played {
  const played: Played = { counted: 1, stale: 0, unsentWaitsMs: [], lastSendMs: 0, reason: null };
  let nowMs = 0;
  let unsentSinceMs: number | null = null;
  for (const { outcome, durationMs, random } of stream) {
    const startedMs = nowMs;
    nowMs += durationMs;
    const state: RetryState = {
      attempts: played.counted,
      staleResends: played.stale,
      unsentResends: played.unsentWaitsMs.length,
      unsentSinceMs,
      nowMs,
      deadlineMs,
      budgetLeft: true,
      staleBudgetLeft: true,
      aborted: false,
      random,
    };
    const request = { method: "GET", keyed: false, optedIn: false, replayable: true };
    const decision = decide(outcome, request, policy, state);
    if (decision.action === "give-up") return { ...played, reason: decision.reason };
    nowMs += decision.delayMs;
    played.lastSendMs = nowMs;
    if (decision.reason === "unsent" && policy.unsentWindowMs > 0) {
      // The first may be immediate and outside the window: a pooled socket that died says nothing of the upstream.
      const immediate = played.unsentWaitsMs.length === 0 && decision.delayMs === 0;
      played.unsentWaitsMs.push(immediate ? 0 : nowMs - (unsentSinceMs ?? state.nowMs));
      unsentSinceMs ??= startedMs;
    } else {
      unsentSinceMs = null;
      played[decision.reason === "stale-socket" ? "stale" : "counted"] += 1;
    }
  }
  return played;
}

interface Attempt {
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly random: number;
}

interface Played {
  counted: number;
  stale: number;
  unsentWaitsMs: number[];
  lastSendMs: number;
  reason: string | null;
}

test("a call that always fails ends after bounded attempts, one stale resend, and a window for unsent requests", () => {
  fc.assert(
    fc.property(policies, fc.nat(60_000), attempts, (policy, deadlineMs, stream) => {
      const played = play(policy, deadlineMs, stream);
      expect(["attempts-exhausted", "deadline-exceeded"]).toContain(played.reason);
      expect(played.counted).toBeLessThanOrEqual(policy.maxAttempts);
      expect(played.stale).toBeLessThanOrEqual(1);
      expect(Math.max(0, ...played.unsentWaitsMs)).toBeLessThan(policy.unsentWindowMs + 1e-6);
      expect(played.lastSendMs).toBeLessThan(Math.max(1, deadlineMs));
    }),
    { numRuns: 500 },
  );
});
