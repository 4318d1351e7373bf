import type { Evidence } from "@reissue/core";

import type { SocketState } from "../socket/socket-state.ts";

/** When a request was written: by the clock, and by the one that counts only while the event loop waits. */
export interface WriteTime {
  readonly atMs: number;
  readonly waitedMs: number;
}

/**
 * What is known of a send on a socket that died before any byte of the response.
 *
 * Whether a request that may be resent lost the race is judged by how long the loop has waited, and by how slow the origin
 * has lately been: a machine without time to spare makes both late. What is said of any other depends on neither.
 *
 * @param written - When it was written; null where nothing was.
 */
export function sendEvidence(
  state: SocketState,
  written: WriteTime | null,
  isRetrySafe: boolean,
): Evidence {
  const { connected, served, roundTripMs, origin } = state;
  if (!connected) return { written: false };
  if (written === null) return { written: false, phase: "pool" };
  const nowMs = origin.clock.now();
  const sent = { written: true, reused: served > 0, responseStarted: false };
  if (!isRetrySafe) return { ...sent, diedAfterMs: nowMs - written.atMs, roundTripMs };
  return {
    ...sent,
    diedAfterMs: origin.waitedMs() - written.waitedMs,
    roundTripMs: Math.max(roundTripMs, origin.slowestMs.value(nowMs)),
  };
}
