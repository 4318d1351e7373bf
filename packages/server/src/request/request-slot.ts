import type { IncomingMessage } from "node:http";

/**
 * Returns the object that holds Reissue's state of a request: its raw headers, which Node creates for every request, and
 * no framework replaces.
 */
// perf: docs/performance.md#request-slots
export function slotHolder(request: IncomingMessage): object {
  return request.rawHeaders ?? request;
}
