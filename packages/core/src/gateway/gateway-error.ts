import createError from "http-errors";

import type { Failure } from "../failure/failure.ts";
import { brandHttpAnswer } from "./http-answer.ts";

/** An error of http-errors' kind, which Express, Koa and Fastify turn into a response with its status and headers. */
export interface GatewayError extends Error {
  readonly status: number;
  readonly statusCode: number;
  /** False: its message is not for clients, though it says nothing that they may not know. */
  readonly expose: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

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
  const { retrySafe, convert = "retry-safe" } = options;
  const status = retrySafe || convert === "always" ? failure.status : 500;
  // Without a message http-errors takes the status' own phrase: Fastify shows a message even where `expose` is false.
  const error = createError(status, { headers: headersOf(status, options) });
  return brandHttpAnswer(withCause(error, options.cause));
}

/**
 * Hangs the original on an error of http-errors'.
 *
 * Not as a property of `createError`, which would make it enumerable, so that serializers printed it; and never
 * `createError(status, cause)`, which changes the cause itself and lets the cause's own status win.
 */
export function withCause(error: Error, cause: unknown): GatewayError {
  Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
  return error as GatewayError;
}

function headersOf(status: number, options: GatewayErrorOptions): Record<string, string> {
  const { retrySafe, retryAfterSeconds = 1 } = options;
  const headers: Record<string, string> = {
    "x-should-retry": String(retrySafe),
    "Cache-Control": "no-store",
  };
  // RFC 9110 §15.6.4; it would contradict `x-should-retry: false`.
  if (status === 503 && retrySafe) {
    headers["Retry-After"] = String(Math.max(0, Math.ceil(retryAfterSeconds)));
  }
  return headers;
}
