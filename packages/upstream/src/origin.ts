import { RetryBudget, type Clock, type Failure } from "@reissue/core";

import type { Attempt } from "./attempt.ts";
import type { OriginSettings } from "./origin-settings.ts";
import type { Connection } from "./pool/connection.ts";
import { Outage } from "./pool/outage.ts";
import { Pool, type Waiter } from "./pool/pool.ts";
import { TimeoutQueue } from "./timeout-queue.ts";

/** One upstream origin: its connections, what it can still afford, and whether it can be reached. */
export class Origin {
  /** The URL origin, such as `http://orders:3000`. */
  readonly name: string;
  readonly settings: OriginSettings;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly outage: Outage;
  readonly budget: RetryBudget;
  readonly staleBudget: RetryBudget;
  /** The timeouts of attempts that have their full time. */
  readonly timeouts: TimeoutQueue;

  constructor(name: string, settings: OriginSettings, clock: Clock) {
    this.name = name;
    this.settings = settings;
    this.clock = clock;
    this.outage = new Outage(settings.policy.unsentWindowMs);
    this.pool = new Pool(name, settings, clock, () => this.outage.end());
    this.budget = new RetryBudget(settings.policy.budget);
    this.staleBudget = new RetryBudget(settings.policy.staleBudget);
    this.timeouts = new TimeoutQueue(settings.policy.attemptTimeoutMs, clock);
  }

  /**
   * Finds a connection for somebody.
   *
   * @returns the connection; or `waiting`, when it will be brought to them; or the error that connecting meets just now.
   */
  connectionFor(
    waiter: Waiter,
    nowMs: number,
  ): Connection | "waiting" | { readonly error: unknown } {
    const idle = this.pool.takeIdle(waiter.need, nowMs);
    if (idle !== null) return idle;
    const refused = this.outage.admit(nowMs);
    if (refused !== null) return refused;
    const fresh = this.pool.openFresh();
    if (fresh !== null) return fresh;
    this.outage.abandonProbe();
    this.pool.wait(waiter);
    return "waiting";
  }

  /** Learns from an attempt that failed: what is down, and how long its connections may be idle. */
  learnFrom(attempt: Attempt, failure: Failure, error: unknown): void {
    const nowMs = this.clock.now();
    if (attempt.neverConnected) {
      if (failure.kind === "aborted" || !failure.transient) this.outage.abandonProbe();
      else this.outage.fail(error, attempt.startedAtMs, nowMs);
    }
    if (failure.delivery === "stale") {
      this.pool.idleLimit.onStale(attempt.idleMs ?? 0, nowMs);
      this.pool.retireElders(attempt.connection.idleSinceMs);
    }
  }

  /** Whether nothing is lost by forgetting it: no connection, and nobody waits for one. */
  get unused(): boolean {
    return this.pool.size === 0 && this.pool.waiting === 0;
  }
}
