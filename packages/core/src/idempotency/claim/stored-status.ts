/** Statuses that a retry may change, so that a stored one would only lock the caller out. */
const passing: ReadonlySet<number> = new Set([401, 403, 408, 409, 425, 429]);

/**
 * Whether the first response to a keyed request is stored for its retries, by its status.
 *
 * The draft leaves it open. Success and a client's mistake are results of the work. A 5xx is not: it releases the
 * claim, and the next request runs. So do the statuses about the moment: credentials, rate, conflict.
 */
export function isStorableStatus(status: number): boolean {
  return status < 500 && !passing.has(status);
}
