import { attemptChannel, type AttemptMessage, type AttemptRecord } from "@reissue/core";
import type { Dispatcher } from "undici";

import type { Attempt } from "./attempt.ts";
import type { CallRequest } from "./call-request.ts";

/** Hands an attempt to its connection, in whatever subscribers of `reissue:attempt` put around it. */
export function dispatchAttempt(
  attempt: Attempt,
  request: CallRequest,
  options: Dispatcher.DispatchOptions,
): void {
  const { connection, number } = attempt;
  const careful = !request.retrySafe;
  if (!attemptChannel.hasSubscribers) return connection.dispatch(options, attempt, careful);
  const { method, path } = request.options;
  const { client, name: origin } = request.origin;
  const message: AttemptMessage = { client, origin, method, path, attempt: number, around: null };
  attempt.message = message;
  attemptChannel.start.publish(message);
  // An object, and no function that is wrapped in another. perf: docs/performance.md#around-a-send
  if (message.around == null) return connection.dispatch(options, attempt, careful);
  message.around.run(() => connection.dispatch(options, attempt, careful));
}

/**
 * Publishes the end of an attempt whose start was published.
 *
 * @param record - Record of an attempt that did not succeed; null otherwise.
 */
export function traceEnd(attempt: Attempt, record: AttemptRecord | null): void {
  const { message } = attempt;
  if (message === null) return;
  const { error, asyncEnd } = attemptChannel;
  if (!asyncEnd.hasSubscribers && (record === null || !error.hasSubscribers)) return;
  message.record = record ?? attempt.record(null, null);
  attempt.context.runInAsyncScope(() => {
    if (record !== null) error.publish(message);
    asyncEnd.publish(message);
  });
}
