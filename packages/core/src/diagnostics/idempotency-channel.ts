import { channel, type Channel } from "node:diagnostics_channel";

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
  | "store-failed";

/** Message of `reissue:idempotency`. */
export interface IdempotencyMessage {
  readonly event: IdempotencyEvent;
  /** Name of the record, which reveals neither the key nor its scope. */
  readonly id: string;
  /** Number of the key's run, 1 for the first; undefined for a request that does not run. */
  readonly fence?: number | undefined;
  /** Operation of the store; with `store-failed` only. */
  readonly operation?: "claim" | "complete" | "release" | "renew" | undefined;
  /** Error of the store; with `store-failed` only. */
  readonly error?: unknown;
}

/** Channel `reissue:idempotency`, of {@link IdempotencyMessage}. */
export const idempotencyChannel: Channel<unknown, IdempotencyMessage> = channel(
  "reissue:idempotency",
) as Channel<unknown, IdempotencyMessage>;

/** Publishes an event of a record; costs one property read without subscribers. */
export function publish(
  { id, fence }: { readonly id: string; readonly fence?: number | undefined },
  event: IdempotencyEvent,
  failure: Pick<IdempotencyMessage, "operation" | "error"> = {},
): void {
  if (idempotencyChannel.hasSubscribers)
    idempotencyChannel.publish({ event, id, fence, ...failure });
}
