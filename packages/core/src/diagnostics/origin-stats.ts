import type { BreakerState } from "../connection/connect-breaker.ts";
import type { GiveUpCounts, ResendCounts } from "./retry-counts.ts";

/** Number of connections to an origin, and of requests that wait for one. */
export interface ConnectionStats {
  /** Connections without a request. */
  readonly idle: number;
  /** Connections with a request, and those being established. */
  readonly busy: number;
  /** Requests that wait for a connection. */
  readonly waiting: number;
}

/** Snapshot of one origin of a client or an agent. Counts begin at the origin's first request. */
export interface OriginStats {
  readonly connections: ConnectionStats;
  /** Requests, each counted once however often it is sent. */
  readonly requests: number;
  /** Resends, by reason. */
  readonly resends: Readonly<ResendCounts>;
  /** Decisions not to send a request again, by reason: its caller got the error, or the response that had come. */
  readonly giveUps: Readonly<GiveUpCounts>;
  /** Requests that got their response although an attempt met a connection that the upstream was closing. */
  readonly healed: number;
  /** Idle time after which a connection is no longer used, in ms: the configured one, or less where less was learned. */
  readonly idleLimitMs: number;
  /** State of the breaker for connecting. */
  readonly breaker: BreakerState;
  /** Resends that the retry budget would allow now. */
  readonly budgetLeft: number;
  /** Resends on stale sockets that their own budget would allow now. */
  readonly staleBudgetLeft: number;
}
