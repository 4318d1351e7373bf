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

import { setReplyHeaders } from "./reply-headers.ts";

/** The inbound request behind one of Fastify's, which there is not yet where a hook before ours has failed. */
export type InboundOf = (request: FastifyRequest, reply: FastifyReply) => RequestContext;

/** An error handler of Fastify's. */
export type ErrorHandler = NonNullable<RouteOptions["errorHandler"]>;

/** The error handler of a route: its own, or else its scope's, with the translated error. */
export function translating(own: ErrorHandler | undefined, inboundOf: InboundOf): ErrorHandler {
  return function reissueErrors(error, request, reply) {
    const passed = handleError(error, inboundOf(request, reply));
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
 * Hands an error on to the next error handler. What is thrown and is no Error would be sent as a response that has
 * succeeded; Fastify takes whatever an error handler rejects with for an error.
 */
function failWith(error: unknown): Promise<never> {
  if (error instanceof Error) throw error;
  return Promise.reject(error);
}

/** The handler of a route; Fastify asks no error handler once a response has begun. */
export function watched(handler: RouteHandlerMethod, inboundOf: InboundOf): RouteHandlerMethod {
  return function reissueHandler(request, reply) {
    const result: unknown = handler.call(this, request, reply);
    if (!(result instanceof Promise)) return result;
    return result.then(
      (payload: unknown) => {
        if (reply.raw.headersSent) handlerEnded(request.raw);
        return payload;
      },
      (error: unknown) => {
        if (reply.raw.headersSent) handleError(error, inboundOf(request, reply));
        throw error;
      },
    );
  };
}
