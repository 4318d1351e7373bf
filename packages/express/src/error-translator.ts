import type { IncomingMessage, ServerResponse } from "node:http";

import { classify, foreignAnswerError, gatewayError, isRetrySafe } from "@reissue/core";

/** Express' `next`. */
export type Next = (error?: unknown) => void;

/** An error-handling middleware of Express' kind, which it knows by its four parameters. */
export type ErrorTranslator = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
) => void;

/**
 * Makes the middleware that turns an upstream's failure into the error that a load balancer may act upon.
 *
 * It translates and does not render: the application's own error handler, or Express', formats what it is given. What
 * is no transport failure goes on as the same object, and so does everything once the inbound client has left. An error
 * that carries an upstream's answer becomes a plain 500, so that its status and headers do not become ours.
 */
export function errorTranslator(): ErrorTranslator {
  return function reissueErrors(error, req, res, next) {
    // A cut upstream and a client that left raise the same error; only the client's own socket tells them apart.
    const failure = classify(error, { aborted: isGone(req) });
    if (failure.status === null) {
      next((res.headersSent ? null : foreignAnswerError(error)) ?? error);
      return;
    }
    if (res.headersSent) {
      // No status can be sent any more; a response that ended as if it were whole would hide the cut.
      if (!res.writableEnded) req.socket?.destroy();
      next(error);
      return;
    }
    // A key alone promises nothing: it counts once a store deduplicates it.
    const request = { method: req.method ?? "", keyed: false, optedIn: false };
    next(gatewayError(failure, { retrySafe: isRetrySafe(request), cause: error }) ?? error);
  };
}

/** Whether the inbound client has left; adapters that serve without sockets give requests that have none. */
function isGone(req: { readonly socket: { readonly destroyed?: boolean } | null }): boolean {
  return req.socket?.destroyed === true;
}
