import { channel, type Channel } from "node:diagnostics_channel";

import type { ClaimCounts, IdempotencyEvent } from "./idempotency-event.ts";
import { processGates } from "./process-counts.ts";

/** Message of `reissue:idempotency`. */
export interface IdempotencyMessage {
  readonly event: IdempotencyEvent;
  /** Name of the record, which reveals neither the key nor its scope; null with `missing` and `malformed`. */
  readonly id: string | null;
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

/**
 * Counts and publishes an event of a keyed request; costs two integers and a property read without subscribers.
 *
 * @param record - Record of the key; null for a request that has none.
 * @param counts - Counts of its gate; null for an event that belongs to no gate.
 */
export function publish(
  record: { readonly id: string; readonly fence?: number | undefined } | null,
  event: IdempotencyEvent,
  counts: ClaimCounts | null,
  failure: Pick<IdempotencyMessage, "operation" | "error"> = {},
): void {
  processGates.claims.events[event] += 1;
  if (counts !== null) counts.events[event] += 1;
  if (!idempotencyChannel.hasSubscribers) return;
  idempotencyChannel.publish({ event, id: record?.id ?? null, fence: record?.fence, ...failure });
}
