import type { ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/**
 * Rows of errors by the name of the error or its class: matched last, since a name says less than a code.
 *
 * The AWS SDK names a reset "TimeoutError", and redis clients name a lost connection "AbortError".
 */
const names: ReadonlyMap<string, FailureSpec> = new Map<string, FailureSpec>([
  // The DOM's, which many libraries borrow: node-fetch, AWS SDK, ky, p-timeout.
  ["AbortError", failureSpecs.aborted],
  ["TimeoutError", failureSpecs.responseTimeout],
  // axios, p-cancelable
  ["CanceledError", failureSpecs.aborted],
  ["CancelError", failureSpecs.aborted],
  // undici, some of whose parser errors have no code
  ["HTTPParserError", failureSpecs.badResponse],
  // node-redis
  ["ConnectionTimeoutError", failureSpecs.connectTimeout],
  ["SocketTimeoutError", failureSpecs.responseTimeout],
  ["SocketClosedUnexpectedlyError", failureSpecs.reset],
  ["DisconnectsClientError", failureSpecs.reset],
  ["ClientOfflineError", failureSpecs.noConnection],
  ["ClientClosedError", failureSpecs.closed],
  // ioredis
  ["MaxRetriesPerRequestError", failureSpecs.reset],
]);

/** Row of an error by its name, then by its class; null without a match. */
export function specOfName(info: ErrorInfo): FailureSpec | null {
  for (const name of info.names) {
    const spec = names.get(name);
    if (spec !== undefined) return spec;
  }
  return null;
}
