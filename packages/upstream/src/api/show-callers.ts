import { ClosedError, UpstreamError } from "@reissue/core";
import { showCausesInStack } from "@reissue/core/internal";

/**
 * Gives Reissue's own error of a call, which was created in an event of a socket, the stack of the code that awaits the
 * call; any other error is returned unchanged.
 *
 * @param below - Async function whose callers the stack begins with.
 */
export function showCallers(error: unknown, below: Function): unknown {
  const isOwn = error instanceof UpstreamError || error instanceof ClosedError;
  if (isOwn) showCausesInStack(error, below);
  return error;
}
