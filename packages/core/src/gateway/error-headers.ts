/** What the headers of an error that Reissue responds with say. */
export interface ErrorHeadersOptions {
  /** Whether another try may succeed and does no harm; left out where that is the client's own to know. */
  readonly shouldRetry?: boolean | undefined;
  /** When another try is worth while, in seconds; rounded up. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Makes the headers of an error that Reissue responds with.
 *
 * `x-should-retry` is what Stripe-style SDKs obey before they look at the status. No such error may be cached: it says
 * something about one try alone.
 */
export function errorHeaders({
  shouldRetry,
  retryAfterSeconds,
}: ErrorHeadersOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (shouldRetry !== undefined) headers["x-should-retry"] = String(shouldRetry);
  headers["Cache-Control"] = "no-store";
  // RFC 9110 §10.2.3: whole seconds.
  if (retryAfterSeconds !== undefined) {
    headers["Retry-After"] = String(Math.max(0, Math.ceil(retryAfterSeconds)));
  }
  return headers;
}
