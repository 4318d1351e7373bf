import { readString, type ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/** Rows of got's timers (`TimeoutError.event`, got's documentation of `timeout`). */
const events: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  ["lookup", failureSpecs.resolverTimeout],
  ["connect", failureSpecs.connectTimeout],
  ["secureConnect", failureSpecs.handshakeTimeout],
  ["socket", failureSpecs.responseTimeout],
  ["send", failureSpecs.responseTimeout],
  ["response", failureSpecs.responseTimeout],
  ["read", failureSpecs.bodyTimeout],
  ["request", failureSpecs.responseTimeout],
]);

/** Row of a timeout of got; null for every other error. */
export function specOfGotEvent(info: ErrorInfo): FailureSpec | null {
  if (info.code !== "ETIMEDOUT" || info.syscall !== null) return null;
  return events.get(readString(info.error, "event", 20) ?? "") ?? null;
}
