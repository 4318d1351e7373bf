import { attemptChannel, resendChannel, type AttemptRecord } from "@reissue/core";
import type { Dispatcher } from "undici";

import type { Attempt } from "./attempt.ts";
import type { CallRequest } from "./call-request.ts";

/** Hands an attempt to its connection; a resend runs in the stores that are bound to `reissue:resend`. */
export function dispatchAttempt(
  attempt: Attempt,
  request: CallRequest,
  options: Dispatcher.DispatchOptions,
): void {
  traceStart(attempt, request);
  const { connection, number } = attempt;
  const careful = !request.retrySafe;
  if (number === 1 || !resendChannel.hasSubscribers) {
    return connection.dispatch(options, attempt, careful);
  }
  const { client, name: origin } = request.origin;
  const message = { client, origin, method: request.method, attempt: number };
  resendChannel.runStores(message, () => connection.dispatch(options, attempt, careful));
}

/** Publishes the start of an attempt on `reissue:attempt`; does nothing without subscribers. */
function traceStart(attempt: Attempt, request: CallRequest): void {
  if (!attemptChannel.start.hasSubscribers && !attemptChannel.asyncEnd.hasSubscribers) return;
  const { method, path } = request.options;
  const { client, name: origin } = request.origin;
  attempt.message = { client, origin, method, path, attempt: attempt.number };
  attemptChannel.start.publish(attempt.message);
}

/** Publishes the end of an attempt whose start was published. */
export function traceEnd(attempt: Attempt, record: AttemptRecord | null): void {
  if (attempt.message === null) return;
  const { message } = attempt;
  message.record = record ?? attempt.record(null, null);
  attempt.context.runInAsyncScope(() => attemptChannel.asyncEnd.publish(message));
}
