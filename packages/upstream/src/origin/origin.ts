import { RetryBudget, type Clock, type Failure } from "@reissue/core";
import { ConnectBreaker, unsentBackOff } from "@reissue/core/internal";

import type { OriginConfig } from "../config/origin-config.ts";
import type { Connection } from "./connection.ts";
import { Pool } from "./pool.ts";
import { RefusalPacer } from "./refusal-pacer.ts";
import { TimeoutQueue } from "./timeout-queue.ts";

/** What an origin learns from of an attempt that failed. */
export interface FailedAttempt {
  readonly connection: Connection;
  /** Whether it met a connect that failed, as opposed to a pooled socket that died. */
  readonly neverConnected: boolean;
  /** Whether a pooled socket died before undici had begun to write the request on it. */
  readonly neverBegun: boolean;
  /** When the connection was handed to it, in ms of the clock. */
  readonly handedOverAtMs: number;
  /** How long the connection had been idle when the request was written, in ms; null on a fresh one. */
  readonly idleMs: number | null;
}

/** One upstream origin: its connections, what it can still afford, and whether it can be reached. */
export class Origin {
  /** The URL origin, such as `http://orders:3000`. */
  readonly name: string;
  readonly settings: OriginConfig;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly breaker: ConnectBreaker;
  readonly refusals: RefusalPacer;
  readonly budget: RetryBudget;
  readonly staleBudget: RetryBudget;
  /** The timeouts of attempts that have their full time. */
  readonly timeouts: TimeoutQueue;
  /** Calls under way, those in back-off included. */
  #calls = 0;

  constructor(name: string, settings: OriginConfig, clock: Clock) {
    this.name = name;
    this.settings = settings;
    this.clock = clock;
    this.breaker = new ConnectBreaker(settings.policy.unsentWindowMs);
    this.pool = new Pool(name, settings, clock, this.breaker);
    this.refusals = new RefusalPacer(unsentBackOff(settings.policy), clock);
    this.budget = new RetryBudget(settings.policy.budget);
    this.staleBudget = new RetryBudget(settings.policy.staleBudget);
    this.timeouts = new TimeoutQueue(settings.policy.attemptTimeoutMs, clock);
  }

  /** Whether nothing is lost by forgetting it: no call and no connection. */
  get unused(): boolean {
    return this.#calls === 0 && this.pool.empty;
  }

  /** Takes note of a call that begins, which the budgets grow with. */
  begin(nowMs: number): void {
    this.#calls += 1;
    this.budget.deposit(nowMs);
    this.staleBudget.deposit(nowMs);
  }

  /** Takes note of a call that has ended. */
  end(): void {
    this.#calls -= 1;
  }

  /**
   * Learns from an attempt that failed: what is down, and how long its connections may be idle.
   *
   * @param who - Whose attempt it was, as the pool knows them.
   */
  learnFrom(who: object, attempt: FailedAttempt, failure: Failure, error: unknown): void {
    const nowMs = this.clock.now();
    // Undici connects by itself where a pooled socket dies before it is written on.
    if (attempt.neverConnected || failure.phase === "connect") {
      if (failure.kind === "aborted" || !failure.transient) this.breaker.cancelProbe(who);
      else this.breaker.onFailed(who, error, attempt.handedOverAtMs, nowMs);
      // After a probe without a verdict the first of those that waited for it probes.
      const found = failure.kind !== "aborted" && this.breaker.isUnprobed(nowMs);
      if (found) this.pool.refuseWaiting(error);
    }
    if (attempt.neverBegun && failure.kind === "reset") {
      this.pool.idleLimit.onDeath(nowMs - attempt.connection.idleSinceMs, nowMs);
    }
    if (failure.kind === "refused-stream") this.refusals.onRefusal();
    if (failure.delivery === "stale") {
      this.pool.idleLimit.onDeath(attempt.idleMs ?? 0, nowMs);
      this.pool.closeIdleSince(attempt.connection.idleSinceMs);
    }
  }
}
