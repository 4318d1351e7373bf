import type { AttemptRecord, Decision, Delivery, RetryState } from "@reissue/core";

import type { Origin } from "./origin.ts";

/** What one call has tried so far. */
export class AttemptHistory {
  /** The attempts that did not succeed, in order. */
  readonly records: AttemptRecord[] = [];
  /** Sends so far, of every kind. */
  sends = 0;
  #staleResends = 0;
  #unsentResends = 0;
  #unsentSinceMs: number | null = null;

  /** Takes note of an attempt that failed. */
  add(record: AttemptRecord, delivery: Delivery): void {
    this.records.push(record);
    if (delivery === "unsent") this.#unsentSinceMs ??= record.startedAtMs;
    else this.#unsentSinceMs = null;
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

  /** The state that the decision is made on. */
  state(origin: Origin, nowMs: number, deadlineMs: number, aborted: boolean): RetryState {
    const outageSinceMs = origin.outage.sinceMs(nowMs);
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
      aborted,
      random: origin.clock.random(),
    };
  }
}
