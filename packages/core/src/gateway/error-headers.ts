/** Content of the headers of an error response. */
export interface ErrorHeadersOptions {
  /** Whether a retry may succeed and does no harm; absent where only the client knows. */
  readonly shouldRetry?: boolean | undefined;
  /** Time until a retry is worth while, in seconds; rounded up. */
  readonly retryAfterSeconds?: number | undefined;
}

/**
 * Creates the headers of an error response.
 *
 * Stripe-style SDKs obey `x-should-retry` before the status. No error response may be cached: it concerns one try only.
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
