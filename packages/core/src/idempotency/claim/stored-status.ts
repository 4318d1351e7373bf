/** Answers that another try may turn into something else, so that keeping them would only keep the caller out. */
const passing: ReadonlySet<number> = new Set([401, 403, 408, 409, 425, 429]);

/**
 * Whether the first answer to a keyed request is kept for its retries, by its status.
 *
 * The draft leaves it open. Success and a client's mistake are what the work came to; a 5xx is not, so it releases the
 * claim and the next request runs. So do the statuses that speak of the moment: credentials, rate, conflict.
 */
export function isStorableStatus(status: number): boolean {
  return status < 500 && !passing.has(status);
}
