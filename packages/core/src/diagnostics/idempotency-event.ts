/**
 * Event of a keyed request.
 *
 * - `claimed`, `taken-over`: the request runs, as the first or after one that died.
 * - `replayed`, `in-flight`, `mismatch`, `outcome-unknown`, `answer-not-kept`: the request does not run, and why.
 * - `completed`, `released`: the response was stored, or the key is free again.
 * - `abandoned`: it is unknown whether the work was done; the lease runs out once the handler is done, or has run for
 *   `maxRunMs`. `completed` may still follow.
 * - `lost`: another request has taken over, so the response was not stored.
 * - `forgotten`: the memory store is full and has removed the record early; the next request with its key runs.
 * - `store-failed`: the store failed or was too slow. `released` or `completed` may still follow, since the end of a
 *   claim is retried in the background.
 * - `missing`, `malformed`: the request is refused for its key, and has no record.
 */
export type IdempotencyEvent =
  | "claimed"
  | "taken-over"
  | "replayed"
  | "in-flight"
  | "mismatch"
  | "outcome-unknown"
  | "answer-not-kept"
  | "completed"
  | "released"
  | "abandoned"
  | "lost"
  | "forgotten"
  | "store-failed"
  | "missing"
  | "malformed";

/** Number of events, by event. */
export type IdempotencyCounts = Record<IdempotencyEvent, number>;

/** Counts of keyed requests, of one gate or of the process. */
export interface ClaimCounts {
  /** Requests that hold a claim now. */
  runs: number;
  readonly events: IdempotencyCounts;
}

/** Creates counts that begin at 0. */
export function claimCounts(): ClaimCounts {
  const events: IdempotencyCounts = {
    claimed: 0,
    "taken-over": 0,
    replayed: 0,
    "in-flight": 0,
    mismatch: 0,
    "outcome-unknown": 0,
    "answer-not-kept": 0,
    completed: 0,
    released: 0,
    abandoned: 0,
    lost: 0,
    forgotten: 0,
    "store-failed": 0,
    missing: 0,
    malformed: 0,
  };
  return { runs: 0, events };
}
