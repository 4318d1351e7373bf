import {
  classify,
  gatewayError,
  proxyStatus,
  type Failure,
  type GatewayError,
} from "@reissue/core";
import {
  foreignResponseError,
  isErrorResponse,
  unanswerableError,
  unreadableError,
} from "@reissue/core/internal";

import type { GateConfig } from "../config/gate-config.ts";

/** The facts about a request that decide how its error is shown to the client. */
export interface FailedRequest {
  readonly request: { readonly method?: string | undefined };
  readonly response: { readonly headersSent: boolean };
  /** Whether the client has disconnected before the whole response was sent. */
  readonly clientDisconnected: boolean;
  /** Whether the client has disconnected, and the response is not being recorded for a retry. */
  readonly hasNoReader: boolean;
  /** Whether the response was sent because the timeout expired. */
  readonly timedOut: boolean;
  /** Whether a second run does no harm. */
  readonly retrySafe: boolean;
  readonly gate: Pick<GateConfig, "convert" | "retryAfterSeconds" | "proxyStatus" | "counts">;
}

/**
 * A decision about an error that has escaped from a handler.
 *
 * - `pass`: `error`, the same value or a translated one, goes to the application's error handling.
 * - `cut`: the same, and the connection is to be destroyed, since a part of the response has been sent.
 * - `drop`: the error is ignored, as a consequence of the timeout that the request has failed with already.
 */
export type Translation =
  | { readonly action: "drop" }
  | { readonly action: "pass" | "cut"; readonly error: unknown };

/** Whether a framework responds to a thrown value with an error. An exception counts as false. */
export type RespondsTo = (error: unknown) => boolean;

/**
 * Decides what becomes of an error that a handler has thrown.
 *
 * A failure of an upstream becomes 502, 503 or 504 only where a replay is safe. The status of an upstream's response that
 * a client library has put into its error is never sent as the service's own. Every other error is the application's.
 */
export function translateError(
  error: unknown,
  context: FailedRequest,
  respondsTo: RespondsTo,
): Translation {
  const { hasNoReader } = context;
  const { headersSent } = context.response;
  if (context.timedOut && headersSent) return { action: "drop" };
  // A cut upstream and a disconnected client raise the same error; only the client's own socket tells them apart.
  if (hasNoReader) return { action: "pass", error: respondableError(error, respondsTo) };
  // No status can be sent any more, and a response that ends normally would hide that it is incomplete.
  if (headersSent) return { action: "cut", error: respondableError(error, respondsTo) };
  const failure = failureOf(error, context);
  if (failure.status !== null)
    return { action: "pass", error: createGatewayError(failure, context, error) };
  const foreign = foreignResponseError(error);
  if (foreign === null) return { action: "pass", error: respondableError(error, respondsTo) };
  // Others are the application's own response, without the headers of an upstream.
  if (isErrorResponse(foreign)) countTranslation(foreign, null, context, error);
  return { action: "pass", error: foreign };
}

/**
 * The value itself if the framework can respond to it, as it would without Reissue; a plain 500 if not. A framework reads
 * an error also where no response is sent, and an exception would then end the process.
 */
function respondableError(error: unknown, respondsTo: RespondsTo): unknown {
  const unreadable = unreadableError(error);
  if (unreadable !== null) return unreadable;
  try {
    return respondsTo(error) ? error : unanswerableError(error);
  } catch {
    return unanswerableError(error);
  }
}

/** Classifies an error. An aborted call counts as timed out while the client is connected. */
function failureOf(error: unknown, { clientDisconnected }: FailedRequest): Failure {
  const failure = classify(error);
  return failure.kind === "aborted" && !clientDisconnected
    ? classify(error, { timedOut: true })
    : failure;
}

/** The error of a request whose timeout has expired. */
export function timeoutError(context: FailedRequest): GatewayError {
  const cause = new DOMException("The request took longer than its route allows", "TimeoutError");
  return createGatewayError(classify(cause, { timedOut: true }), context, cause);
}

function createGatewayError(
  failure: Failure,
  context: FailedRequest,
  cause: unknown,
): GatewayError {
  const { gate, retrySafe } = context;
  const { convert, retryAfterSeconds } = gate;
  const error = gatewayError(failure, { retrySafe, convert, retryAfterSeconds, cause });
  if (error === null) throw new TypeError("A failure without a status has no response");
  const field = gate.proxyStatus === null ? null : proxyStatus(gate.proxyStatus, failure);
  if (field !== null) Object.assign(error.headers, { "Proxy-Status": field });
  countTranslation(error, failure, context, cause);
  return error;
}

function countTranslation(
  { status, headers }: GatewayError,
  failure: Failure | null,
  { request, gate }: FailedRequest,
  error: unknown,
): void {
  const { method = "" } = request;
  const retryable = headers["x-should-retry"] === "true";
  gate.counts.onTranslation({ method, status, retryable, failure, error });
}
