import createError from "http-errors";

import type { Failure } from "../failure/failure.ts";
import { errorHeaders } from "./error-headers.ts";
import { brandErrorResponse, withCause, type GatewayError } from "./error-response.ts";

/** Options of {@link gatewayError}. */
export interface GatewayErrorOptions {
  /** Whether a second run of the inbound request does no harm; see `isRetrySafe`. */
  readonly retrySafe: boolean;
  /**
   * Requests that get a gateway status. `always`: also those that are not retry-safe, though HAProxy and Envoy then
   * replay a POST that may have been processed.
   *
   * @defaultValue "retry-safe"
   */
  readonly convert?: "retry-safe" | "always" | undefined;
  /**
   * Retry-After of a 503, in seconds.
   *
   * @defaultValue 1
   */
  readonly retryAfterSeconds?: number | undefined;
  /** Original error, unchanged and available for logs. */
  readonly cause: unknown;
}

/**
 * Creates the response to an inbound request whose upstream failed, as an error to throw.
 *
 * Load balancers may replay a request that gets 502, 503 or 504 (HAProxy and Envoy whatever the method), so these
 * statuses are sent only where a replay is safe. Otherwise the response is a 500 with `x-should-retry: false`, which
 * Stripe-style SDKs obey. Null when nothing is to be translated: the client has disconnected, or it was no transport
 * failure; the original error is passed on unchanged.
 */
export function gatewayError(failure: Failure, options: GatewayErrorOptions): GatewayError | null {
  if (failure.status === null) return null;
  const { retrySafe, convert = "retry-safe", retryAfterSeconds = 1 } = options;
  const status = retrySafe || convert === "always" ? failure.status : 500;
  const headers = errorHeaders({
    shouldRetry: retrySafe,
    // RFC 9110 §15.6.4; it would contradict `x-should-retry: false`.
    retryAfterSeconds: status === 503 && retrySafe ? retryAfterSeconds : undefined,
  });
  // Without a message http-errors uses the status' own phrase: Fastify shows a message even if `expose` is false.
  const error = createError(status, { headers });
  return brandErrorResponse(withCause(error, options.cause));
}
