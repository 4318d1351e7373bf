import {
  decide,
  UpstreamError,
  type AttemptRecord,
  type Decision,
  type Delivery,
  type Failure,
  type GiveUpReason,
  type Outcome,
  type ResendReason,
  type RetryState,
} from "@reissue/core";

import type { CallRequest } from "./call-request.ts";
import { traceDecision } from "./trace.ts";

/** How safely each delivery says that nothing was processed. */
const strength: Record<Delivery, number> = { unsent: 3, stale: 2, unknown: 1, delivered: 0 };

/** What one call has tried so far, and what went wrong. */
export class RetryHistory {
  #records: AttemptRecord[] | null = null;
  /** Sends so far, of every kind, with those that never got a connection. */
  sends = 0;
  /** When the last of them began. */
  sentAtMs = 0;
  #staleResends = 0;
  #unsentResends = 0;
  #unsentSinceMs: number | null = null;
  /** The weakest of all attempts' deliveries; null before the first. */
  #delivery: Delivery | null;

  /** @param redirected - Whether the call has been answered once before, and so may well have been processed. */
  constructor(redirected: boolean) {
    this.#delivery = redirected ? "unknown" : null;
  }

  /**
   * Takes note of an attempt that did not succeed.
   *
   * @param triedSinceMs - Since when it had been connecting, or waiting in line if it never got that far.
   */
  add(record: AttemptRecord, triedSinceMs: number): void {
    // One that was answered may well have been processed.
    const delivery = record.failure?.delivery ?? "unknown";
    (this.#records ??= []).push(record);
    if (delivery === "unsent") this.#unsentSinceMs ??= triedSinceMs;
    else this.#unsentSinceMs = null;
    const isWeaker = this.#delivery === null || strength[delivery] < strength[this.#delivery];
    if (isWeaker) this.#delivery = delivery;
  }

  /** Takes note of an attempt that begins. */
  begin(nowMs: number): void {
    this.sends += 1;
    this.sentAtMs = nowMs;
  }

  /** Takes note that the last attempt never got a connection. */
  addNeverSent(nowMs: number, failure: Failure, error: unknown): void {
    const { sends: attempt, sentAtMs: startedAtMs } = this;
    const durationMs = nowMs - startedAtMs;
    const never = { reused: null, idleMs: null, status: null };
    this.add({ attempt, startedAtMs, durationMs, ...never, failure, error }, startedAtMs);
  }

  /** Decides what is done after an attempt, and pays for it if that is a resend. */
  decide(outcome: Outcome, request: CallRequest): Decision {
    const nowMs = request.origin.clock.now();
    const state = this.#state(request, nowMs);
    const decision = decide(outcome, request.facts, request.policy, state);
    traceDecision(request, this.sends, outcome, decision);
    if (decision.action === "resend") this.#pay(decision.reason, request, nowMs);
    return decision;
  }

  /**
   * The error of a call that failed for good.
   *
   * Its delivery is the weakest of all attempts', since one of them may have been processed whatever befell the last.
   */
  toError(failure: Failure, reason: GiveUpReason, origin: string, cause: unknown): UpstreamError {
    const delivery = this.#delivery ?? failure.delivery;
    return new UpstreamError({
      failure: { ...failure, delivery },
      reason,
      origin,
      attempts: this.#records ?? [],
      cause,
    });
  }

  #state({ origin, deadlineMs }: CallRequest, nowMs: number): RetryState {
    const outageSinceMs = origin.breaker.sinceMs(nowMs);
    return {
      attempts: Math.max(this.sends - this.#staleResends - this.#unsentResends, 1),
      staleResends: this.#staleResends,
      unsentResends: this.#unsentResends,
      // An upstream that was already down when this call came gets no window of its own from it.
      unsentSinceMs:
        outageSinceMs === null
          ? this.#unsentSinceMs
          : Math.min(outageSinceMs, this.#unsentSinceMs ?? outageSinceMs),
      nowMs,
      deadlineMs,
      budgetLeft: origin.budget.has(nowMs),
      staleBudgetLeft: origin.staleBudget.has(nowMs),
      aborted: false,
      random: origin.clock.random(),
    };
  }

  #pay(reason: ResendReason, { origin, policy }: CallRequest, nowMs: number): void {
    if (reason === "stale-socket") {
      this.#staleResends += 1;
      origin.staleBudget.withdraw(nowMs);
    } else if (reason === "unsent" && policy.unsentWindowMs > 0) {
      this.#unsentResends += 1;
    } else {
      origin.budget.withdraw(nowMs);
    }
  }
}
