import type { Failure } from "../failure/failure.ts";
import { fullJitter, type BackOff } from "./back-off.ts";
import { failureCondition, statusListed } from "./condition.ts";
import { isIdempotentMethod } from "./method.ts";
import type { RetryPolicy } from "./policy.ts";

/** Outcome of an attempt that did not simply succeed. */
export type Outcome =
  | { readonly type: "failure"; readonly failure: Failure }
  | {
      readonly type: "answer";
      readonly status: number;
      /** Retry-After in milliseconds; null for none that could be parsed. */
      readonly retryAfterMs: number | null;
    };

/** Facts of a request that decide whether it may be resent. */
export interface RequestFacts {
  /** Method, in capitals. */
  readonly method: string;
  /** Whether it carries an Idempotency-Key. */
  readonly keyed: boolean;
  /** Whether its route or its call says that a second processing does no harm. */
  readonly optedIn: boolean;
  /** Whether its complete body can be sent once more. */
  readonly replayable: boolean;
}

/** History of the call, and the budgets of its origin. */
export interface RetryState {
  /** Attempts that count against `maxAttempts`, the one that just ended included. */
  readonly attempts: number;
  /** Stale resends made so far; they do not count as attempts. */
  readonly staleResends: number;
  /** Unsent resends made so far; they do not count as attempts. */
  readonly unsentResends: number;
  /** Start of the first of the latest consecutive unsent attempts; null when there was none. */
  readonly unsentSinceMs: number | null;
  readonly nowMs: number;
  /** Instant after which nothing is sent; Infinity for none. */
  readonly deadlineMs: number;
  /** Whether the origin's retry budget has a token. */
  readonly budgetLeft: boolean;
  /** Whether the origin's cap on stale resends has a token. */
  readonly staleBudgetLeft: boolean;
  /** Whether the caller has aborted the call. */
  readonly aborted: boolean;
  /** Number in [0, 1) for the jitter. */
  readonly random: number;
}

/** Why a request is sent again. */
export type ResendReason = "unsent" | "stale-socket" | "reset" | "timeout" | "status";

/**
 * Why a request is not sent again.
 *
 * `unsupported` is an agent's alone: the internals of this Node are not those by which it moves a request.
 */
export type GiveUpReason =
  | "not-retry-safe"
  | "body-not-replayable"
  | "response-started"
  | "condition-not-listed"
  | "attempts-exhausted"
  | "queue-timeout"
  | "budget-exhausted"
  | "deadline-exceeded"
  | "aborted"
  | "unsupported";

/** What follows an attempt, and the reason. */
export type Decision =
  | {
      readonly action: "resend";
      readonly delayMs: number;
      /** `fresh`: on a connection that has not carried a request. */
      readonly connection: "fresh" | "any";
      readonly reason: ResendReason;
    }
  | { readonly action: "give-up"; readonly reason: GiveUpReason };

/** Whether a second processing of the request does no harm, by its method, its key or its opt-in. */
export function isRetrySafe(request: Omit<RequestFacts, "replayable">): boolean {
  return isIdempotentMethod(request.method) || request.keyed || request.optedIn;
}

/**
 * Decides whether a request is resent: never one that may have been processed, unless a second processing is known to
 * do no harm.
 *
 * Pure and total: the same arguments give the same decision, and every combination has one.
 */
export function decide(
  outcome: Outcome,
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): Decision {
  if (state.aborted) return giveUp("aborted");
  if (outcome.type === "answer") return decideResponse(outcome, request, policy, state);
  const { failure } = outcome;
  if (failure.kind === "aborted") return giveUp("aborted");
  if (failure.delivery === "delivered") return giveUp("response-started");
  if (state.nowMs >= state.deadlineMs) return giveUp("deadline-exceeded");
  if (failure.delivery !== "unsent") return decideListed(failure, request, policy, state);
  if (!failure.transient) return giveUp("condition-not-listed");
  const unsent = policy.unsentWindowMs > 0 ? decideUnsent : decideListed;
  const decision = unsent(failure, request, policy, state);
  const inLine = failure.phase === "pool" && failure.kind !== "reset";
  if (!inLine || decision.action === "resend") return decision;
  // Nothing was attempted that could be exhausted or listed.
  const isOwn =
    decision.reason === "deadline-exceeded" || decision.reason === "body-not-replayable";
  return isOwn ? decision : giveUp("queue-timeout");
}

/** Decides by `retryOn`. */
function decideListed(
  failure: Failure,
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): Decision {
  const condition = failureCondition(failure);
  if (condition === null) return giveUp("condition-not-listed");
  if (failure.delivery !== "unsent" && !isRetrySafe(request)) return giveUp("not-retry-safe");
  if (!policy.retryOn.includes(condition)) return giveUp("condition-not-listed");
  if (!request.replayable) return giveUp("body-not-replayable");
  if (failure.delivery === "stale" && state.staleResends === 0) {
    if (!state.staleBudgetLeft) return giveUp("budget-exhausted");
    return resendBefore(state, 0, "fresh", "stale-socket");
  }
  const reason =
    failure.delivery === "unsent" ? "unsent" : condition === "timeout" ? "timeout" : "reset";
  return decideCounted(policy, state, 0, "fresh", reason);
}

/**
 * Longest wait between two unsent resends, as a share of the window: with a few long waits, an upstream that restarts
 * repeatedly could be down at each of them by chance.
 */
const unsentCapShare = 1 / 8;

/** Back-off between two resends of a request that never reached the application. */
export function unsentBackOff({ backOff, unsentWindowMs }: RetryPolicy): BackOff {
  return { ...backOff, capMs: Math.min(backOff.capMs, unsentWindowMs * unsentCapShare) };
}

/**
 * Decides on a request that never reached the application: neither method, attempts nor budget matter, only the window
 * and the deadline.
 */
function decideUnsent(
  failure: Failure,
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): Decision {
  if (!request.replayable) return giveUp("body-not-replayable");
  // A pooled socket that died before the write is no reason not to connect immediately; a full queue is.
  if (failure.phase === "pool" && failure.kind === "reset" && state.unsentResends === 0) {
    return resendBefore(state, 0, "fresh", "unsent");
  }
  const leftMs = (state.unsentSinceMs ?? state.nowMs) + policy.unsentWindowMs - state.nowMs;
  if (leftMs <= 0) return giveUp("attempts-exhausted");
  const delayMs = fullJitter(state.unsentResends, unsentBackOff(policy), state.random);
  // No connection failed if none came in time, or if the upstream refused the request on it.
  const any =
    failure.kind === "refused-stream" || (failure.phase === "pool" && failure.kind === "timeout");
  const connection = any ? "any" : "fresh";
  return resendBefore(state, Math.min(delayMs, leftMs), connection, "unsent");
}

function decideResponse(
  response: Outcome & { readonly type: "answer" },
  request: RequestFacts,
  policy: RetryPolicy,
  state: RetryState,
): Decision {
  if (!statusListed(response.status, response.retryAfterMs !== null, policy.retryOn)) {
    return giveUp("condition-not-listed");
  }
  if (!isRetrySafe(request)) return giveUp("not-retry-safe");
  if (!request.replayable) return giveUp("body-not-replayable");
  return decideCounted(policy, state, response.retryAfterMs ?? 0, "any", "status");
}

/**
 * Decides on a resend that counts: limited by attempts, budget and deadline, after a back-off of at least `minDelayMs`.
 */
function decideCounted(
  policy: RetryPolicy,
  state: RetryState,
  minDelayMs: number,
  connection: "fresh" | "any",
  reason: ResendReason,
): Decision {
  if (state.attempts >= policy.maxAttempts) return giveUp("attempts-exhausted");
  if (!state.budgetLeft) return giveUp("budget-exhausted");
  const delayMs = fullJitter(state.attempts - 1, policy.backOff, state.random);
  return resendBefore(state, Math.max(minDelayMs, delayMs), connection, reason);
}

function resendBefore(
  state: RetryState,
  delayMs: number,
  connection: "fresh" | "any",
  reason: ResendReason,
): Decision {
  if (state.nowMs + delayMs >= state.deadlineMs) return giveUp("deadline-exceeded");
  return { action: "resend", delayMs, connection, reason };
}

function giveUp(reason: GiveUpReason): Decision {
  return { action: "give-up", reason };
}
