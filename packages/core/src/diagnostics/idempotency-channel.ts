import { channel, type Channel } from "node:diagnostics_channel";

/**
 * What happened to a keyed request.
 *
 * - `claimed`, `taken-over`: it runs, as the first or after one that died.
 * - `replayed`, `in-flight`, `mismatch`, `outcome-unknown`, `answer-not-kept`: it does not run, and why.
 * - `completed`, `released`: what its answer came to.
 * - `abandoned`: nobody knows whether its work was done; its lease is left to run out once its handler is done, or has
 *   run for `maxRunMs`. `completed` may still follow.
 * - `lost`: another has taken over, so that its answer was not kept.
 * - `forgotten`: the memory store is full and has forgotten it before its time; the next request with its key runs.
 * - `store-failed`: the store failed or was too slow. `released` or `completed` may still follow, since the end of a claim
 *   is tried again in the background.
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

/** What subscribers of `reissue:idempotency` get. */
export interface IdempotencyMessage {
  readonly event: IdempotencyEvent;
  /** The record's name; it says nothing of the key or its scope. */
  readonly id: string;
  /** Which run of the key it is, 1 for the first; undefined where it does not run. */
  readonly fence?: number | undefined;
  /** What the store was asked to do; with `store-failed` alone. */
  readonly operation?: "claim" | "complete" | "release" | "renew" | undefined;
  /** The store's error; with `store-failed` alone. */
  readonly error?: unknown;
}

/** Channel `reissue:idempotency`, with an {@link IdempotencyMessage} each. */
export const idempotencyChannel: Channel<unknown, IdempotencyMessage> = channel(
  "reissue:idempotency",
) as Channel<unknown, IdempotencyMessage>;

/** Publishes what happened to a record; costs one property read when nobody listens. */
export function publish(
  { id, fence }: { readonly id: string; readonly fence?: number | undefined },
  event: IdempotencyEvent,
  failure: Pick<IdempotencyMessage, "operation" | "error"> = {},
): void {
  if (idempotencyChannel.hasSubscribers)
    idempotencyChannel.publish({ event, id, fence, ...failure });
}
