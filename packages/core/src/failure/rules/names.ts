import type { Link } from "../error-info.ts";
import { shapes, type Shape } from "../failure-spec.ts";

/**
 * Errors known by their name or their class: asked last, since a name says less than a code.
 *
 * The AWS SDK names a reset "TimeoutError", and redis clients name a lost connection "AbortError".
 */
const names: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  // The DOM's, which everybody borrows; node-fetch, AWS SDK, ky, p-timeout.
  ["AbortError", shapes.aborted],
  ["TimeoutError", shapes.answerTimeout],
  // axios, p-cancelable
  ["CanceledError", shapes.aborted],
  ["CancelError", shapes.aborted],
  // undici, some of whose parser errors have no code
  ["HTTPParserError", shapes.badAnswer],
  // node-redis
  ["ConnectionTimeoutError", shapes.connectTimeout],
  ["SocketTimeoutError", shapes.answerTimeout],
  ["SocketClosedUnexpectedlyError", shapes.reset],
  ["DisconnectsClientError", shapes.reset],
  ["ClientOfflineError", shapes.noConnection],
  ["ClientClosedError", shapes.closed],
  // ioredis
  ["MaxRetriesPerRequestError", shapes.reset],
]);

/** The row of an error by its name, then by its class; null when neither says anything about a transport. */
export function shapeOfName(link: Link): Shape | null {
  for (const name of link.names) {
    const shape = names.get(name);
    if (shape !== undefined) return shape;
  }
  return null;
}
