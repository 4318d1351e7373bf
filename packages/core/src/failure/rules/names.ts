import type { ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/**
 * Errors known by their name or their class: asked last, since a name says less than a code.
 *
 * The AWS SDK names a reset "TimeoutError", and redis clients name a lost connection "AbortError".
 */
const names: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  // The DOM's, which everybody borrows; node-fetch, AWS SDK, ky, p-timeout.
  ["AbortError", failureSpecs.aborted],
  ["TimeoutError", failureSpecs.answerTimeout],
  // axios, p-cancelable
  ["CanceledError", failureSpecs.aborted],
  ["CancelError", failureSpecs.aborted],
  // undici, some of whose parser errors have no code
  ["HTTPParserError", failureSpecs.badAnswer],
  // node-redis
  ["ConnectionTimeoutError", failureSpecs.connectTimeout],
  ["SocketTimeoutError", failureSpecs.answerTimeout],
  ["SocketClosedUnexpectedlyError", failureSpecs.reset],
  ["DisconnectsClientError", failureSpecs.reset],
  ["ClientOfflineError", failureSpecs.noConnection],
  ["ClientClosedError", failureSpecs.closed],
  // ioredis
  ["MaxRetriesPerRequestError", failureSpecs.reset],
]);

/** The row of an error by its name, then by its class; null when neither says anything about a transport. */
export function shapeOfName(link: ErrorInfo): FailureSpec | null {
  for (const name of link.names) {
    const shape = names.get(name);
    if (shape !== undefined) return shape;
  }
  return null;
}
