import { isErrorResponse } from "@reissue/core/internal";

import type { RequestContext } from "../request/request-context.ts";
import { translateError, type RespondsTo } from "./translate-error.ts";

/** An error for the application's error handling. */
export interface Escaped {
  readonly error: unknown;
  /** Whether Reissue responds with problem details; the application's error handling is called all the same. */
  readonly asProblem: boolean;
}

/**
 * Translates an error that has escaped from a handler, and destroys a response that cannot be completed.
 *
 * @param respondsTo - Whether the framework responds to a value as to an error; a plain 500 takes the place of others.
 * @returns the error for the application's error handling; null where the response was sent by the timeout.
 */
export function handleError(
  error: unknown,
  context: RequestContext,
  respondsTo: RespondsTo = () => true,
): Escaped | null {
  const { request, response, gate } = context;
  context.stopTimeout();
  const translation = translateError(error, context, respondsTo);
  if (translation.action === "drop") {
    context.handlerEnded();
    return null;
  }
  // The status of a response that has begun was chosen by the handler.
  if (!response.headersSent) context.hasFailed = true;
  // A response that has ended is not cut, even if its bytes are still being sent.
  if (translation.action === "cut" && !response.writableEnded) {
    if (response.socket === null) request.socket.destroy();
    else response.destroy();
  }
  const { error: passed } = translation;
  const isRendered = gate.problemDetails && isErrorResponse(passed);
  return { error: passed, asProblem: isRendered && !response.headersSent && !context.hasNoReader };
}
