import type { AttemptRecord, Decision, Delivery, RetryState } from "@reissue/core";

import type { Origin } from "./origin.ts";

/** How safely each delivery says that nothing was processed. */
const strength: Record<Delivery, number> = { unsent: 3, stale: 2, unknown: 1, delivered: 0 };

/** What went wrong in one call so far; made only once something has. */
export class AttemptHistory {
  /** The attempts that did not succeed, in order. */
  readonly records: AttemptRecord[] = [];
  #staleResends = 0;
  #unsentResends = 0;
  #unsentSinceMs: number | null = null;
  #delivery: Delivery | null = null;

  /**
   * The weakest of all attempts' deliveries, since one of them may have been processed whatever befell the last; null
   * before the first. An attempt that was answered counts as `unknown`.
   */
  get delivery(): Delivery | null {
    return this.#delivery;
  }

  /** Takes note of an attempt that did not succeed. */
  add(record: AttemptRecord): void {
    const delivery = record.failure?.delivery ?? "unknown";
    this.records.push(record);
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
