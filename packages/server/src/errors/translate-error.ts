import {
  classify,
  gatewayError,
  proxyStatus,
  type Failure,
  type GatewayError,
} from "@reissue/core";
import { foreignResponseError, unanswerableError, unreadableError } from "@reissue/core/internal";

import type { GateConfig } from "../config/gate-config.ts";

/** What decides how an error of a request is shown to its client. */
export interface FailedRequest {
  readonly response: { readonly headersSent: boolean };
  /** Whether the client has disconnected before it had its whole response. */
  readonly clientDisconnected: boolean;
  /** Whether the client has disconnected, and the response is not being recorded for a retry. */
  readonly hasNoReader: boolean;
  /** Whether the response was sent because the request's timeout was over. */
  readonly timedOut: boolean;
  /** Whether a second run does no harm. */
  readonly retrySafe: boolean;
  readonly gate: Pick<GateConfig, "convert" | "retryAfterSeconds" | "proxyStatus">;
}

/**
 * What becomes of an error that has escaped from a handler.
 *
 * - `pass`: `error` goes on: the same value, or what takes its place.
 * - `cut`: the same, and the connection is to be destroyed, since a part of the response has gone out.
 * - `drop`: the request has been answered since its time was over, and the error is only an echo of that.
 */
export type Translation =
  | { readonly action: "drop" }
  | { readonly action: "pass" | "cut"; readonly error: unknown };

/** Whether a framework responds with an error to a value that can be read. What it throws counts as false. */
export type RespondsTo = (error: unknown) => boolean;

/**
 * Tells what a request whose handler has thrown is answered with.
 *
 * An upstream's failure becomes 502, 503 or 504 only where a replay is safe; an answer of an upstream's that a client
 * has put into its error never becomes ours; and everything else is the application's own.
 */
export function translateError(
  error: unknown,
  inbound: FailedRequest,
  answers: RespondsTo,
): Translation {
  const { hasNoReader } = inbound;
  const { headersSent } = inbound.response;
  if (inbound.timedOut && headersSent) return { action: "drop" };
  // A cut upstream and a client that left raise the same error; only the client's own socket tells them apart.
  if (hasNoReader) return { action: "pass", error: respondableError(error, answers) };
  // No status can be sent any more, and a response that ended as if it were whole would hide the cut.
  if (headersSent) return { action: "cut", error: respondableError(error, answers) };
  const failure = failureOf(error, inbound);
  if (failure.status !== null) return { action: "pass", error: answerTo(failure, inbound, error) };
  return { action: "pass", error: foreignResponseError(error) ?? respondableError(error, answers) };
}

/**
 * What a framework can respond to: the value itself wherever possible, since the framework without Reissue is right. It
 * looks at an error also where no response is sent, and what it throws then ends the process.
 */
function respondableError(error: unknown, answers: RespondsTo): unknown {
  const unreadable = unreadableError(error);
  if (unreadable !== null) return unreadable;
  try {
    return answers(error) ? error : unanswerableError(error);
  } catch {
    return unanswerableError(error);
  }
}

/** What an error says of an upstream. While the client waits, it is no disconnect of its that has aborted a call. */
function failureOf(error: unknown, { clientDisconnected }: FailedRequest): Failure {
  const failure = classify(error);
  return failure.kind === "aborted" && !clientDisconnected
    ? classify(error, { timedOut: true })
    : failure;
}

/** What a request is answered with whose time is over. */
export function timeoutError(inbound: FailedRequest): GatewayError {
  const cause = new DOMException("The request took longer than its route allows", "TimeoutError");
  return answerTo(classify(cause, { timedOut: true }), inbound, cause);
}

function answerTo(failure: Failure, inbound: FailedRequest, cause: unknown): GatewayError {
  const { gate, retrySafe } = inbound;
  const { convert, retryAfterSeconds } = gate;
  const error = gatewayError(failure, { retrySafe, convert, retryAfterSeconds, cause });
  if (error === null) throw new TypeError("A failure without a status has no answer");
  const field = gate.proxyStatus === null ? null : proxyStatus(gate.proxyStatus, failure);
  if (field !== null) Object.assign(error.headers, { "Proxy-Status": field });
  return error;
}
