import { attemptChannel, type AttemptRecord } from "@reissue/core";

import type { Attempt } from "./attempt.ts";
import type { CallRequest } from "./call-request.ts";

/** Publishes the start of an attempt on `reissue:attempt`; does nothing without subscribers. */
export function traceStart(attempt: Attempt, request: CallRequest): void {
  if (!attemptChannel.start.hasSubscribers && !attemptChannel.asyncEnd.hasSubscribers) return;
  const { method, path } = request.options;
  attempt.message = { origin: request.origin.name, method, path, attempt: attempt.number };
  attemptChannel.start.publish(attempt.message);
}

/** Publishes the end of an attempt whose start was published. */
export function traceEnd(attempt: Attempt, record: AttemptRecord | null): void {
  if (attempt.message === null) return;
  const { message } = attempt;
  message.record = record ?? attempt.record(null, null);
  attempt.context.runInAsyncScope(() => attemptChannel.asyncEnd.publish(message));
}
