import type { IdempotencyEvent } from "@reissue/core";

/** Snapshot of a gate. Counts begin with the gate. */
export interface GateStats {
  /** Requests that have come through the gate. */
  readonly requests: number;
  /** Requests that run under a claimed Idempotency-Key now. */
  readonly keyedRuns: number;
  /** Events of keyed requests, refused ones included. */
  readonly idempotency: Readonly<Record<IdempotencyEvent, number>>;
  /** Errors of handlers that were translated into a response, by its status. */
  readonly translations: Readonly<Record<string, number>>;
  /** Requests that took longer than their route allows. */
  readonly timeouts: number;
  /** Whether a server of the process is draining. */
  readonly draining: boolean;
}
