import {
  handleError,
  handlerEnded,
  muteResponse,
  sendError,
  type RequestContext,
} from "@reissue/server/internal";
import type {
  FastifyError,
  FastifyReply,
  FastifyRequest,
  RouteHandlerMethod,
  RouteOptions,
} from "fastify";

import { isTimeoutOfRunning } from "./handler-timeout.ts";
import { setReplyHeaders } from "./reply-headers.ts";

/** Returns the context of a request; creates it where a hook before Reissue's has failed. */
export type ContextOf = (request: FastifyRequest, reply: FastifyReply) => RequestContext;

/** An error handler for Fastify. */
export type ErrorHandler = NonNullable<RouteOptions["errorHandler"]>;

/** Wraps the error handler of a route, or else of its scope, to get the translated error. */
export function withTranslation(own: ErrorHandler | undefined, contextOf: ContextOf): ErrorHandler {
  return function reissueErrors(error, request, reply) {
    const context = contextOf(request, reply);
    if (isTimeoutOfRunning(error, reply)) context.setTimedOut();
    const passed = handleError(error, context);
    if (passed === null) return void reply.hijack();
    if (passed.asProblem) {
      setReplyHeaders(reply);
      sendError(reply.raw, passed.error, true);
      muteResponse(reply.raw);
    }
    if (own === undefined) return failWith(passed.error);
    return own.call(this, passed.error as FastifyError, request, reply);
  };
}

/**
 * Passes an error to the next error handler. Fastify would send a thrown value that is not an Error as a successful
 * response, but takes every rejection of an error handler for an error.
 */
function failWith(error: unknown): Promise<never> {
  if (error instanceof Error) throw error;
  return Promise.reject(error);
}

/** Wraps the handler of a route: Fastify calls no error handler once a response has begun. */
export function withErrorHandling(
  handler: RouteHandlerMethod,
  contextOf: ContextOf,
): RouteHandlerMethod {
  return function reissueHandler(request, reply) {
    const result: unknown = handler.call(this, request, reply);
    if (!(result instanceof Promise)) return result;
    return result.then(
      (payload: unknown) => {
        if (reply.raw.headersSent) handlerEnded(request.raw);
        return payload;
      },
      (error: unknown) => {
        if (reply.raw.headersSent) handleError(error, contextOf(request, reply));
        throw error;
      },
    );
  };
}
