import type { Evidence } from "./failure.ts";

/**
 * The shortest window, in ms: on a network without distance, events of the sender's own loop and of the server's kernel
 * still take some. A pause of garbage collection fits in, work that anybody would wait for hardly.
 */
const leastMs = 50;

/** The longest window, in ms: TCP's initial retransmission timeout (RFC 6298 §2), above any round trip on Earth. */
const mostMs = 1000;

/** How many round trips the window has: one that the race takes, and one for jitter. */
const roundTrips = 2;

/**
 * How soon after its write a request's connection must die to have lost the race of keep-alive, in ms.
 *
 * A server that closed an idle connection while the request was on its way resets it as soon as the request arrives:
 * one round trip after the write. Whoever dies later had the request, and may have worked on it.
 *
 * @param roundTripMs - The connection's round trip as measured; 0 where it is not known.
 */
export function staleWindowMs(roundTripMs: number): number {
  return Math.min(Math.max(roundTrips * roundTripMs, leastMs), mostMs);
}

/** Whether a connection that had served before died without a byte of the response, and soon enough after the write. */
export function isStaleDeath(evidence: Evidence): boolean {
  const { reused, responseStarted, diedAfterMs, seenAtOnce, roundTripMs = 0 } = evidence;
  if (reused !== true || responseStarted !== false || diedAfterMs === undefined) return false;
  return diedAfterMs <= (seenAtOnce === true ? mostMs : staleWindowMs(roundTripMs));
}
