import type { Evidence } from "./failure.ts";

/**
 * Shortest window, in ms: even without network distance, events of the sender's loop and of the server's kernel take
 * time. A garbage collection pause fits in, work worth waiting for hardly does.
 */
const leastMs = 50;

/** Longest window, in ms: TCP's initial retransmission timeout (RFC 6298 §2), above any round trip on Earth. */
const mostMs = 1000;

/** Round trips in the window: one that the race takes, and one for jitter. */
const roundTrips = 2;

/**
 * Time after a write within which the connection must die to have lost the keep-alive race, in ms.
 *
 * A server that closed an idle connection while the request was on its way resets it when the request arrives: one
 * round trip after the write. A server that dies later had the request, and may have processed it.
 *
 * @param roundTripMs - Measured round trip of the connection; 0 if unknown.
 */
export function staleWindowMs(roundTripMs: number): number {
  return Math.min(Math.max(roundTrips * roundTripMs, leastMs), mostMs);
}

/** Whether a reused connection died without a byte of the response, and soon enough after the write. */
export function isStaleDeath(evidence: Evidence): boolean {
  const { reused, responseStarted, diedAfterMs, seenAtOnce, roundTripMs = 0 } = evidence;
  if (reused !== true || responseStarted !== false || diedAfterMs === undefined) return false;
  return diedAfterMs <= (seenAtOnce === true ? mostMs : staleWindowMs(roundTripMs));
}
