import { isHttpAnswer } from "@reissue/core/internal";

import type { RequestContext } from "../request/request-context.ts";
import { translateError, type RespondsTo } from "./translate-error.ts";

/** An error as it is handed on to the application's error handling. */
export interface Escaped {
  readonly error: unknown;
  /** Whether Reissue responds with it as problem details; the application is told of it all the same. */
  readonly asProblem: boolean;
}

/**
 * Deals with an error that has escaped from a handler, and tells what is handed on to the application's error handling.
 *
 * @param answers - What the framework responds to as to an error; a plain 500 takes the place of everything else.
 * @returns null where nothing is: the request has been answered.
 */
export function handleError(
  error: unknown,
  inbound: RequestContext,
  answers: RespondsTo = () => true,
): Escaped | null {
  const { request, response, gate } = inbound;
  inbound.stopTimeout();
  const translation = translateError(error, inbound, answers);
  if (translation.action === "drop") {
    inbound.handlerEnded();
    return null;
  }
  // What has begun was chosen by the handler.
  if (!response.headersSent) inbound.hasFailed = true;
  // One that is whole is left alone, though it be still on its way.
  if (translation.action === "cut" && !response.writableEnded) {
    if (response.socket === null) request.socket.destroy();
    else response.destroy();
  }
  const { error: passed } = translation;
  const isRendered = gate.problemDetails && isHttpAnswer(passed);
  return { error: passed, asProblem: isRendered && !response.headersSent && !inbound.hasNoReader };
}
