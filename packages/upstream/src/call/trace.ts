import { attemptChannel, type AttemptRecord } from "@reissue/core";
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
  const send = (): void => connection.dispatch(options, attempt, careful);
  const message = { client, origin, method, path, attempt: number, send };
  attempt.message = message;
  attemptChannel.start.publish(message);
  message.send();
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
