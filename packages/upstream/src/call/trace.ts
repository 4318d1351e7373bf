import { attemptChannel, type AttemptRecord } from "@reissue/core";

import type { Attempt } from "./attempt.ts";
import type { CallRequest } from "./call-request.ts";

/** Tells subscribers of `reissue:attempt` that an attempt begins; does nothing when nobody listens. */
export function traceStart(attempt: Attempt, request: CallRequest): void {
  if (!attemptChannel.start.hasSubscribers && !attemptChannel.asyncEnd.hasSubscribers) return;
  const { method, path } = request.options;
  attempt.message = { origin: request.origin.name, method, path, attempt: attempt.number };
  attemptChannel.start.publish(attempt.message);
}

/** Tells subscribers of `reissue:attempt` how an attempt ended that they were told of. */
export function traceEnd(attempt: Attempt, record: AttemptRecord | null): void {
  if (attempt.message === null) return;
  const { message } = attempt;
  message.record = record ?? attempt.record(null, null);
  attempt.context.runInAsyncScope(() => attemptChannel.asyncEnd.publish(message));
}
