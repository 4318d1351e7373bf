import { attemptChannel, type AttemptMessage, type AttemptRecord } from "@reissue/core";

import type { AgentOrigin } from "../origin/agent-origin.ts";
import type { NodeRequest } from "../node-internals.ts";

/** Counts an attempt, and tells subscribers of `reissue:attempt` that it begins; null when there are none. */
export function beginAttempt(
  { node, origin }: { readonly node: NodeRequest; readonly origin: AgentOrigin },
  attempt: number,
): AttemptMessage | null {
  origin.totals.attempts += 1;
  if (!attemptChannel.hasSubscribers) return null;
  const { method, path } = node;
  const { client, name } = origin;
  const message = { client, origin: name, method, path, attempt };
  attemptChannel.start.publish(message);
  return message;
}

/** Tells subscribers of `reissue:attempt` how an attempt ended that they were told of. @returns null: it is told once. */
export function traceEnd(message: AttemptMessage | null, record: AttemptRecord): null {
  if (message === null) return null;
  message.record = record;
  if (record.error !== null) attemptChannel.error.publish(message);
  attemptChannel.asyncEnd.publish(message);
  return null;
}
