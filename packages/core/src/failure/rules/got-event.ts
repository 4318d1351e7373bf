import { readString, type ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/** What each of got's timers waits for (`TimeoutError.event`, got's documentation of `timeout`). */
const events: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  ["lookup", failureSpecs.resolverTimeout],
  ["connect", failureSpecs.connectTimeout],
  ["secureConnect", failureSpecs.handshakeTimeout],
  ["socket", failureSpecs.answerTimeout],
  ["send", failureSpecs.answerTimeout],
  ["response", failureSpecs.answerTimeout],
  ["read", failureSpecs.bodyTimeout],
  ["request", failureSpecs.answerTimeout],
]);

/** The row of a timer of got's that ran out; null for every other error. */
export function shapeOfGotEvent(link: ErrorInfo): FailureSpec | null {
  if (link.code !== "ETIMEDOUT" || link.syscall !== null) return null;
  return events.get(readString(link.error, "event", 20) ?? "") ?? null;
}
