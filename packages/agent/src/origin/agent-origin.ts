import type { Socket } from "node:net";

import {
  RetryBudget,
  type ClientKind,
  type Clock,
  type ConnectionStats,
  type Failure,
  type OriginStats,
  type RetryPolicy,
} from "@reissue/core";
import {
  ConnectBreaker,
  IdleLimit,
  originCounts,
  RetryCounts,
  type OriginCounts,
} from "@reissue/core/internal";

import { RecentPeak } from "./recent-peak.ts";
import { WaitingRequests } from "./waiting-requests.ts";
import { waitingTime } from "./waiting-time.ts";

/** What holds for all origins of an agent. */
export interface OriginConfig {
  readonly policy: RetryPolicy;
  /** How long a connection may stay idle, in ms. */
  readonly idleMs: number;
  readonly clock: Clock;
}

/** One connect, from its start to its outcome. */
export interface ConnectAttempt {
  readonly startedAtMs: number;
}

/** What the agent of an origin is told. */
export interface OriginOwner {
  /** A response on a socket is whole; the agent has not dealt with the socket yet. */
  onFree(socket: Socket): void;
}

/** One origin of an agent: what it can still afford, whether it can be reached, and how long its connections last. */
export class AgentOrigin {
  readonly client: ClientKind = "agent";
  /** The name under which the agent keeps its sockets. */
  readonly key: string;
  /** The URL origin, such as `http://orders:3000`. */
  readonly name: string;
  readonly clock: Clock;
  /** What a connection's death is late by, in ms. */
  readonly waitedMs: () => number;
  readonly budget: RetryBudget;
  readonly staleBudget: RetryBudget;
  readonly breaker: ConnectBreaker;
  readonly onDecision = null;
  readonly counts: RetryCounts = new RetryCounts();
  /** Counts of the origin over all agents of the process, for metrics. */
  readonly totals: OriginCounts;
  readonly idleLimit: IdleLimit;
  /** What its requests have lately taken at most, in ms: so slow may be whatever it does, a reset too. */
  readonly slowestMs: RecentPeak = new RecentPeak();
  /** Requests that wait for what a probe of the breaker finds. */
  readonly waiting: WaitingRequests = new WaitingRequests();
  readonly #owner: OriginOwner;
  /** Requests so far. */
  #requests = 0;

  constructor(
    owner: OriginOwner,
    { key, name }: { readonly key: string; readonly name: string },
    { policy, idleMs, clock }: OriginConfig,
  ) {
    this.#owner = owner;
    this.key = key;
    this.name = name;
    this.clock = clock;
    this.waitedMs = waitingTime(clock);
    this.budget = new RetryBudget(policy.budget);
    this.staleBudget = new RetryBudget(policy.staleBudget);
    this.breaker = new ConnectBreaker(policy.unsentWindowMs);
    this.idleLimit = new IdleLimit(idleMs);
    this.totals = originCounts(this.client, name);
  }

  /** Snapshot of the origin, given the connections that its agent has to it. */
  statsWith(connections: ConnectionStats): OriginStats {
    const nowMs = this.clock.now();
    const { resends, giveUps, healed } = this.counts;
    return {
      connections,
      requests: this.#requests,
      resends: { ...resends },
      giveUps: { ...giveUps },
      healed,
      idleLimitMs: this.idleLimit.currentMs(nowMs),
      breaker: this.breaker.state(nowMs),
      budgetLeft: this.budget.left(nowMs),
      staleBudgetLeft: this.staleBudget.left(nowMs),
    };
  }

  /** Takes note of a request that begins, which the budgets grow with. */
  begin(nowMs: number): void {
    this.#requests += 1;
    this.totals.requests += 1;
    this.budget.deposit(nowMs);
    this.staleBudget.deposit(nowMs);
  }

  /** Takes note that a response is whole. */
  onFree(socket: Socket): void {
    this.#owner.onFree(socket);
  }

  /** Takes note of a connection that stands. */
  onConnected(nowMs: number): void {
    this.breaker.onConnected(nowMs);
    if (this.waiting.size > 0) this.waiting.resumeAll();
  }

  /** Takes note of a connect that failed. */
  onConnectFailed(attempt: ConnectAttempt, failure: Failure, error: Error): void {
    if (!failure.transient) return this.onCancelled(attempt);
    const nowMs = this.clock.now();
    this.breaker.onFailed(attempt, error, attempt.startedAtMs, nowMs);
    if (this.waiting.size > 0 && this.breaker.isUnprobed(nowMs)) this.waiting.refuseAll(error);
  }

  /** Takes note of a connect that ended without a verdict: the first of those that waited for it probes. */
  onCancelled(attempt: ConnectAttempt): void {
    this.breaker.cancelProbe(attempt);
    if (this.waiting.size > 0) this.waiting.resumeAll();
  }
}
