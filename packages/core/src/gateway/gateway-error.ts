import createError from "http-errors";

import type { Failure } from "../failure/failure.ts";
import { errorHeaders } from "./error-headers.ts";
import { brandHttpAnswer, withCause, type GatewayError } from "./http-answer.ts";

/** What decides how a failure is shown to the inbound side. */
export interface GatewayErrorOptions {
  /** Whether a second run of the inbound request does no harm: see `isRetrySafe`. */
  readonly retrySafe: boolean;
  /**
   * Which requests get a gateway status. `always` gives one to a request that is not retry-safe too, though HAProxy
   * and Envoy then replay a POST that may have been processed.
   *
   * @defaultValue "retry-safe"
   */
  readonly convert?: "retry-safe" | "always" | undefined;
  /**
   * What Retry-After says with a 503, in seconds.
   *
   * @defaultValue 1
   */
  readonly retryAfterSeconds?: number | undefined;
  /** The error as it was thrown; it stays reachable for logs and is never changed. */
  readonly cause: unknown;
}

/**
 * The answer to an inbound request whose upstream failed, as an error to throw.
 *
 * A load balancer may replay what gets 502, 503 or 504 (HAProxy and Envoy without looking at the method), so these go
 * out only where a replay is safe. Otherwise the answer is 500 and `x-should-retry: false`, which Stripe-style SDKs
 * obey. Null when nothing is to be translated: the caller has gone, or it was no transport failure; the original error
 * goes on as it is.
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
  // Without a message http-errors takes the status' own phrase: Fastify shows a message even where `expose` is false.
  const error = createError(status, { headers });
  return brandHttpAnswer(withCause(error, options.cause));
}
