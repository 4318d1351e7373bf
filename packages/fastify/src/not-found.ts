import type { FastifyInstance, RouteHandlerMethod } from "fastify";

import { translating, watched, type ErrorHandler, type InboundOf } from "./errors.ts";

/** What Fastify takes here, from 5.0 on, though its types leave out the error handler. */
interface NotFoundOptions {
  readonly errorHandler?: ErrorHandler;
}

type Handler = RouteHandlerMethod | undefined;

/** A scope, as far as it sets a not-found handler; Fastify lets the options be left out, and the handler too. */
interface Scope {
  setNotFoundHandler: (
    this: FastifyInstance,
    first?: NotFoundOptions | Handler,
    second?: Handler,
  ) => FastifyInstance;
}

/**
 * Has errors translated on the way to the not-found handlers that are set from now on, in this scope and its children:
 * Fastify tells no hook of them, as it tells onRoute of routes.
 */
export function watchNotFound(fastify: FastifyInstance, inboundOf: InboundOf): void {
  const scope = fastify as unknown as Scope;
  const set = scope.setNotFoundHandler;
  scope.setNotFoundHandler = function reissueNotFound(first, second) {
    const [options, handler] = typeof first === "function" ? [{}, first] : [first, second];
    const errorHandler = translating(options?.errorHandler, inboundOf);
    return set.call(this, { ...options, errorHandler }, handler && watched(handler, inboundOf));
  };
}
