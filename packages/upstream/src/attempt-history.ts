import {
  UpstreamError,
  type AttemptRecord,
  type Decision,
  type Delivery,
  type Failure,
  type GiveUpReason,
  type RetryState,
} from "@reissue/core";

import type { Origin } from "./origin.ts";

/** How safely each delivery says that nothing was processed. */
const strength: Record<Delivery, number> = { unsent: 3, stale: 2, unknown: 1, delivered: 0 };

/** What went wrong in one call so far; made only once something has. */
export class AttemptHistory {
  readonly #records: AttemptRecord[] = [];
  #staleResends = 0;
  #unsentResends = 0;
  #unsentSinceMs: number | null = null;
  /** The weakest of all attempts' deliveries; null before the first. */
  #delivery: Delivery | null = null;

  /** Takes note of an attempt that did not succeed. */
  add(record: AttemptRecord): void {
    // One that was answered may well have been processed.
    const delivery = record.failure?.delivery ?? "unknown";
    this.#records.push(record);
    if (delivery === "unsent") this.#unsentSinceMs ??= record.startedAtMs;
    else this.#unsentSinceMs = null;
    const isWeaker = this.#delivery === null || strength[delivery] < strength[this.#delivery];
    if (isWeaker) this.#delivery = delivery;
  }

  /** Takes note of a resend, and pays for it. */
  spend(decision: Decision & { readonly action: "resend" }, origin: Origin, nowMs: number): void {
    if (decision.reason === "stale-socket") {
      this.#staleResends += 1;
      origin.staleBudget.withdraw(nowMs);
    } else if (decision.reason === "unsent") {
      this.#unsentResends += 1;
    } else {
      origin.budget.withdraw(nowMs);
    }
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
      attempts: this.#records,
      cause,
    });
  }

  /**
   * The state that the decision is made on.
   *
   * @param sends - Sends so far, of every kind.
   */
  state(sends: number, origin: Origin, nowMs: number, deadlineMs: number): RetryState {
    const outageSinceMs = origin.outage.sinceMs(nowMs);
    return {
      attempts: Math.max(sends - this.#staleResends - this.#unsentResends, 1),
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
}
