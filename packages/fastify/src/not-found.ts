import type { FastifyInstance, RouteHandlerMethod } from "fastify";

import { withTranslation, withErrorHandling, type ErrorHandler, type ContextOf } from "./errors.ts";

/** Options of `setNotFoundHandler` in Fastify 5; its types lack the error handler. */
interface NotFoundOptions {
  readonly errorHandler?: ErrorHandler;
}

type Handler = RouteHandlerMethod | undefined;

/** A scope in which a not-found handler can be set; options and handler are both optional. */
interface Scope {
  setNotFoundHandler: (
    this: FastifyInstance,
    first?: NotFoundOptions | Handler,
    second?: Handler,
  ) => FastifyInstance;
}

/**
 * Translates the errors of not-found handlers that are set from now on, in this scope and its children. Fastify has no hook
 * for them, as onRoute is for routes.
 */
export function watchNotFound(fastify: FastifyInstance, contextOf: ContextOf): void {
  const scope = fastify as unknown as Scope;
  const set = scope.setNotFoundHandler;
  scope.setNotFoundHandler = function reissueNotFound(first, second) {
    const [options, handler] = typeof first === "function" ? [{}, first] : [first, second];
    const errorHandler = withTranslation(options?.errorHandler, contextOf);
    return set.call(
      this,
      { ...options, errorHandler },
      handler && withErrorHandling(handler, contextOf),
    );
  };
}
