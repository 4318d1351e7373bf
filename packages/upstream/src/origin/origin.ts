import {
  RetryBudget,
  type ClientKind,
  type Clock,
  type DecisionMessage,
  type Failure,
  type OriginStats,
} from "@reissue/core";
import {
  ConnectBreaker,
  originCounts,
  RetryCounts,
  unsentBackOff,
  type MisuseWarnings,
  type OriginCounts,
} from "@reissue/core/internal";

import type { OriginConfig } from "../config/origin-config.ts";
import type { UpstreamEvents } from "../diagnostics/upstream-events.ts";
import type { Connection } from "./connection.ts";
import { Pool } from "./pool.ts";
import { RefusalPacer } from "./refusal-pacer.ts";
import { TimeoutQueue } from "./timeout-queue.ts";

/** Facts of a failed attempt that an origin learns from. */
export interface FailedAttempt {
  readonly connection: Connection;
  /** Whether connecting failed, as opposed to a pooled socket that died. */
  readonly neverConnected: boolean;
  /** Whether a pooled socket died before undici had begun to write the request on it. */
  readonly neverBegun: boolean;
  /** Instant at which the connection was handed over, in ms of the clock. */
  readonly handedOverAtMs: number;
  /** Idle time of the connection when the request was written, in ms; null on a fresh one. */
  readonly idleMs: number | null;
}

/** One upstream origin: its connections, its budgets, and whether it can be reached. */
export class Origin {
  readonly client: ClientKind = "upstream";
  /** URL origin, such as `http://orders:3000`. */
  readonly name: string;
  readonly settings: OriginConfig;
  readonly clock: Clock;
  readonly pool: Pool;
  readonly breaker: ConnectBreaker;
  readonly refusals: RefusalPacer;
  readonly budget: RetryBudget;
  readonly staleBudget: RetryBudget;
  /** Timeouts of attempts with the full `attemptTimeoutMs`. */
  readonly timeouts: TimeoutQueue;
  readonly counts: RetryCounts = new RetryCounts();
  /** Counts of the origin over all clients of the process, for metrics. */
  readonly totals: OriginCounts;
  readonly #events: UpstreamEvents;
  /** Calls so far. */
  #requests = 0;
  /** Calls under way, those in back-off included. */
  #calls = 0;

  constructor(
    name: string,
    settings: OriginConfig,
    clock: Clock,
    events: UpstreamEvents,
    warnings: MisuseWarnings,
  ) {
    this.#events = events;
    this.name = name;
    this.settings = settings;
    this.clock = clock;
    this.totals = originCounts(this.client, name);
    this.breaker = new ConnectBreaker(settings.policy.unsentWindowMs);
    this.pool = new Pool(name, settings, clock, this.breaker, warnings);
    this.refusals = new RefusalPacer(unsentBackOff(settings.policy), clock);
    this.budget = new RetryBudget(settings.policy.budget);
    this.staleBudget = new RetryBudget(settings.policy.staleBudget);
    this.timeouts = new TimeoutQueue(settings.policy.attemptTimeoutMs, clock);
  }

  /** Whether the origin can be removed without loss: it has no call and no connection. */
  get unused(): boolean {
    return this.#calls === 0 && this.pool.empty;
  }

  readonly onDecision = (message: DecisionMessage): void => {
    this.#events.tell(message);
  };

  /** Snapshot of the origin. */
  get stats(): OriginStats {
    const nowMs = this.clock.now();
    const { resends, giveUps, healed } = this.counts;
    return {
      connections: this.pool.stats,
      requests: this.#requests,
      resends: { ...resends },
      giveUps: { ...giveUps },
      healed,
      idleLimitMs: this.pool.idleLimit.currentMs(nowMs),
      breaker: this.breaker.state(nowMs),
      budgetLeft: this.budget.left(nowMs),
      staleBudgetLeft: this.staleBudget.left(nowMs),
    };
  }

  /** Notes the start of a call, which the budgets grow with. */
  begin(nowMs: number): void {
    this.#requests += 1;
    this.totals.requests += 1;
    this.#calls += 1;
    this.budget.deposit(nowMs);
    this.staleBudget.deposit(nowMs);
  }

  /** Notes the end of a call. */
  end(): void {
    this.#calls -= 1;
  }

  /**
   * Learns from a failed attempt: whether the origin is down, and how long its connections may be idle.
   *
   * @param who - Call of the attempt, as the pool knows it.
   */
  learnFrom(who: object, attempt: FailedAttempt, failure: Failure, error: unknown): void {
    const nowMs = this.clock.now();
    // Undici itself connects again where a pooled socket dies before the write.
    if (attempt.neverConnected || failure.phase === "connect") {
      if (failure.kind === "aborted" || !failure.transient) this.breaker.cancelProbe(who);
      else this.breaker.onFailed(who, error, attempt.handedOverAtMs, nowMs);
      // After a probe without a result, the first call that waited for it probes.
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
