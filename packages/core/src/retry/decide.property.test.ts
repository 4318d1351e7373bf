import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Delivery, Failure, FailureKind, Phase } from "../failure/failure.ts";
import { defaultConditions, failureCondition, statusListed, type Condition } from "./condition.ts";
import {
  decide,
  type Decision,
  type Outcome,
  type RequestFacts,
  type RetryState,
} from "./decide.ts";
import type { RetryPolicy } from "./policy.ts";
import { defaultPolicy } from "./retry-options.ts";

const kinds: Record<FailureKind, null> = {
  dns: null,
  refused: null,
  unroutable: null,
  local: null,
  certificate: null,
  tls: null,
  reset: null,
  incomplete: null,
  timeout: null,
  protocol: null,
  "refused-stream": null,
  pool: null,
  aborted: null,
  unknown: null,
};
const phases: Record<Phase, null> = {
  dns: null,
  connect: null,
  tls: null,
  pool: null,
  request: null,
  "response-headers": null,
  "response-body": null,
  unknown: null,
};
const deliveries: Record<Delivery, 0> = { unsent: 0, stale: 0, unknown: 0, delivered: 0 };
const allConditions: readonly Condition[] = [...defaultConditions, "timeout", 500, 200];
const safeMethods = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"];
const bools = [true, false];
const never = Number.POSITIVE_INFINITY;

type Input = readonly [Outcome, RequestFacts, RetryPolicy, RetryState];

/** Everything that must hold of a decision, in words of its own; null when all of it does. */
function broken([outcome, request, policy, state]: Input, decision: Decision): string | null {
  const failure = outcome.type === "failure" ? outcome.failure : null;
  const safe = safeMethods.includes(request.method) || request.keyed || request.optedIn;
  const unsent = failure?.delivery === "unsent";
  const inWindow = unsent && policy.unsentWindowMs > 0;
  const aborted = state.aborted || failure?.kind === "aborted";
  const condition = failure === null ? null : failureCondition(failure);
  const listed =
    outcome.type === "answer"
      ? statusListed(outcome.status, outcome.retryAfterMs !== null, policy.retryOn)
      : condition !== null && policy.retryOn.includes(condition);
  const hopeless = unsent && !failure.transient;
  const firstStale = failure?.delivery === "stale" && state.staleResends === 0;
  const diedInPool = failure?.phase === "pool" && failure.kind === "reset";
  const windowEndMs = (state.unsentSinceMs ?? state.nowMs) + policy.unsentWindowMs;
  const resends = inWindow ? state.unsentResends : state.attempts - 1;
  const boundMs = Math.min(policy.backOff.capMs, policy.backOff.baseMs * 2 ** resends);
  const askedMs = outcome.type === "answer" ? (outcome.retryAfterMs ?? 0) : 0;

  if (decision.action === "give-up") {
    // Each reason must be true, so there is none left where a resend is allowed.
    const justified = (): boolean => {
      switch (decision.reason) {
        case "aborted":
          return aborted;
        case "response-started":
          return failure?.delivery === "delivered";
        case "condition-not-listed":
          return hopeless || (!inWindow && !listed);
        case "not-retry-safe":
          return !safe && !unsent;
        case "body-not-replayable":
          return !request.replayable;
        case "attempts-exhausted":
          if (inWindow) return state.nowMs >= windowEndMs;
          return !firstStale && state.attempts >= policy.maxAttempts;
        case "queue-timeout":
          if (!unsent || failure.phase !== "pool" || failure.kind === "reset") return false;
          if (inWindow) return state.nowMs >= windowEndMs;
          return !listed || state.attempts >= policy.maxAttempts || !state.budgetLeft;
        case "budget-exhausted":
          return !inWindow && !(firstStale ? state.staleBudgetLeft : state.budgetLeft);
        case "deadline-exceeded":
          return state.nowMs + Math.max(boundMs, askedMs) >= state.deadlineMs;
        case "unsupported":
          // Only an agent gives it, without a decision.
          return false;
      }
    };
    return justified() ? null : `unjustified ${decision.reason}`;
  }

  const { delayMs, reason } = decision;
  if (aborted) return "resent after an abort";
  if (!request.replayable) return "resent without its body";
  if (failure?.delivery === "delivered") return "resent what was delivered";
  if (!safe && !unsent) return "resent what is not retry-safe";
  if (hopeless) return "resent what waiting cannot cure";
  if (!inWindow && !listed) return "resent under a condition that is not listed";
  if (!Number.isFinite(delayMs) || delayMs < 0) return "no delay";
  if (state.nowMs + delayMs >= state.deadlineMs) return "past the deadline";
  const noConnection = unsent && failure?.phase === "pool" && failure.kind === "timeout";
  const streamRefused = failure?.kind === "refused-stream";
  const anyDoes = failure === null || (inWindow && (noConnection || streamRefused));
  if (decision.connection !== (anyDoes ? "any" : "fresh")) return "wrong connection";

  const backOffHeld = delayMs === 0 || delayMs < boundMs;
  if (inWindow) {
    if (reason !== "unsent") return "wrong reason";
    if (delayMs === 0 && diedInPool && state.unsentResends === 0) return null;
    if (state.nowMs >= windowEndMs) return "past the window";
    // The sum may be off by a rounding of its last digit.
    if (state.nowMs + delayMs > windowEndMs + 1e-6) return "waits past the window";
    return backOffHeld ? null : "back-off too long";
  }
  if (firstStale) {
    if (reason !== "stale-socket") return "wrong reason";
    if (!state.staleBudgetLeft) return "past the stale budget";
    return delayMs === 0 ? null : "a stale resend waits";
  }
  const counted = failure === null ? "status" : condition === "timeout" ? "timeout" : "reset";
  if (reason !== (unsent ? "unsent" : counted)) return "wrong reason";
  if (state.attempts >= policy.maxAttempts) return "past the attempts";
  if (!state.budgetLeft) return "past the budget";
  if (delayMs < askedMs) return "Retry-After not obeyed";
  return delayMs === askedMs || backOffHeld ? null : "back-off too long";
}

/** Every combination of the choices. */
function product<T extends object>(choices: { [K in keyof T]: readonly T[K][] }): T[] {
  let combinations: object[] = [{}];
  for (const [name, values] of Object.entries<readonly unknown[]>(choices)) {
    combinations = combinations.flatMap((each) =>
      values.map((value) => ({ ...each, [name]: value })),
    );
  }
  return combinations as T[];
}

const everyFailure = product<Failure>({
  kind: Object.keys(kinds) as FailureKind[],
  phase: Object.keys(phases) as Phase[],
  delivery: Object.keys(deliveries) as Delivery[],
  transient: bools,
  status: [502],
  token: [null],
  code: [null],
});
const everyOutcome: Outcome[] = [
  ...everyFailure.map((failure): Outcome => ({ type: "failure", failure })),
  ...product<Outcome & { type: "answer" }>({
    type: ["answer"],
    status: [200, 408, 425, 429, 500, 502, 503, 504],
    retryAfterMs: [null, 0, 20, never],
  }),
];
const facts = { keyed: bools, optedIn: bools, replayable: bools };
const everyRequest = product<RequestFacts>({ method: ["GET", "POST"], ...facts });
const everyPolicy: RetryPolicy[] = [
  defaultPolicy,
  { ...defaultPolicy, unsentWindowMs: 0 },
  { ...defaultPolicy, retryOn: allConditions },
  { ...defaultPolicy, retryOn: [], maxAttempts: 1 },
];
const everyState = product<RetryState>({
  attempts: [1, 3],
  staleResends: [0, 1],
  unsentResends: [0, 1],
  unsentSinceMs: [null, -1000],
  budgetLeft: bools,
  staleBudgetLeft: bools,
  aborted: bools,
  nowMs: [1000],
  deadlineMs: [never, 1000, 1030],
  random: [0.7],
});

/** Decides on every combination; throws at the first broken rule, else tells the reasons that were given. */
function decideAll(outcomes: readonly Outcome[], states: readonly RetryState[]): Set<string> {
  const reasons = new Set<string>();
  for (const outcome of outcomes) {
    for (const request of everyRequest) {
      for (const policy of everyPolicy) {
        for (const state of states) {
          const decision = decide(outcome, request, policy, state);
          const rule = broken([outcome, request, policy, state], decision);
          if (rule !== null)
            throw new Error(`${rule}: ${JSON.stringify({ outcome, request, state })}`);
          reasons.add(decision.reason);
        }
      }
    }
  }
  return reasons;
}

describe("every combination", () => {
  test("obeys every rule with all outcomes in a few states", () => {
    const few = everyState.filter((_, index) => index % 37 === 0);
    expect(few.length).toBeGreaterThan(10);
    decideAll(everyOutcome, few);
  });

  test("obeys every rule with a few outcomes in all states, and every reason occurs", () => {
    const few = everyOutcome.filter((outcome) =>
      outcome.type === "answer"
        ? [429, 500, 503].includes(outcome.status) && outcome.retryAfterMs !== 0
        : outcome.failure.transient &&
          ["reset", "timeout"].includes(outcome.failure.kind) &&
          ["pool", "request"].includes(outcome.failure.phase),
    );
    expect([...decideAll(few, everyState)].toSorted()).toEqual([
      "aborted",
      "attempts-exhausted",
      "body-not-replayable",
      "budget-exhausted",
      "condition-not-listed",
      "deadline-exceeded",
      "not-retry-safe",
      "queue-timeout",
      "reset",
      "response-started",
      "stale-socket",
      "status",
      "timeout",
      "unsent",
    ]);
  });
});

const instants = fc.oneof(fc.nat(1e5), fc.double({ min: 0, max: 1e13, noNaN: true }));
const delays = fc.oneof(fc.nat(5000), fc.double({ min: 1e-3, max: 2 ** 31 - 1, noNaN: true }));
const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ type: fc.constant("failure" as const), failure: fc.constantFrom(...everyFailure) }),
  fc.record({
    type: fc.constant("answer" as const),
    status: fc.oneof(fc.constantFrom(429, 500, 502, 503, 504), fc.integer({ min: 100, max: 599 })),
    retryAfterMs: fc.option(delays),
  }),
);
const anyRequest: fc.Arbitrary<RequestFacts> = fc.record({
  method: fc.constantFrom(...safeMethods, "POST", "PATCH", "CONNECT", "get", ""),
  keyed: fc.boolean(),
  optedIn: fc.boolean(),
  replayable: fc.boolean(),
});
const anyPolicy: fc.Arbitrary<RetryPolicy> = fc
  .record({
    maxAttempts: fc.integer({ min: 1, max: 50 }),
    retryOn: fc.oneof(fc.constant(allConditions), fc.subarray([...allConditions])),
    backOff: fc.record({ baseMs: delays, capMs: delays }),
    unsentWindowMs: fc.oneof(fc.constant(0), delays),
  })
  .map((changes) => ({ ...defaultPolicy, ...changes }));
const anyState: fc.Arbitrary<RetryState> = fc
  .record({
    attempts: fc.integer({ min: 1, max: 50 }),
    staleResends: fc.nat(2),
    unsentResends: fc.nat(2000),
    unsentSinceMs: fc.option(delays),
    nowMs: instants,
    deadlineMs: fc.oneof(fc.constant(never), delays),
    budgetLeft: fc.boolean(),
    staleBudgetLeft: fc.boolean(),
    aborted: fc.boolean(),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  .map((state) => ({
    ...state,
    // Both are drawn as distances from now.
    unsentSinceMs: state.unsentSinceMs === null ? null : state.nowMs - state.unsentSinceMs,
    deadlineMs: state.nowMs + state.deadlineMs,
  }));
const anyInput = fc.tuple(anyOutcome, anyRequest, anyPolicy, anyState);

test("any numbers obey every rule", () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      expect(broken(input, decide(...input))).toBeNull();
    }),
    { numRuns: 5000 },
  );
});

test("the decision is pure: frozen arguments lead to the same decision twice", () => {
  const freeze = (value: object): void => {
    Object.freeze(value);
    for (const part of Object.values(value))
      if (typeof part === "object" && part !== null) freeze(part);
  };
  fc.assert(
    fc.property(anyInput, (input) => {
      const copy = structuredClone(input);
      freeze(input);
      expect(decide(...input)).toEqual(decide(...copy));
    }),
  );
});
