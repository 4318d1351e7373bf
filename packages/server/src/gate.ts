import { deduplicate } from "./idempotency/deduplicate.ts";
import type { RequestContext } from "./request/request-context.ts";

/**
 * A framework's part in {@link admit}: everything in which frameworks differ.
 *
 * @typeParam Next - What continues to the handler, such as Express' `next`.
 * @typeParam Exchange - What else the callbacks need: Koa's context, Fastify's reply.
 */
export interface Framework<Next, Exchange, Result> {
  /** Continues to the handler. */
  run(next: Next, exchange: Exchange): Result;
  /** Hands an error to the framework's error handling: a refused key, an unreadable body, a store that failed. */
  fail(error: unknown, next: Next, exchange: Exchange, context: RequestContext): Result;
  /**
   * Starts the timeout of a route that has one, then calls `start`.
   *
   * @param start - Continues with the key, and then with the handler.
   */
  runWithTimeout(
    start: () => Result | Promise<Result>,
    next: Next,
    exchange: Exchange,
    context: RequestContext,
  ): Result | Promise<Result>;
  /** Called before a stored response is written: headers that the framework has not written yet belong to it too. */
  beforeReplay?(exchange: Exchange): void;
  /** Has the framework leave a response alone that was sent without the handler, or that has no reader. */
  skip(exchange: Exchange): Result;
}

/**
 * Admits a request to its handler, in one order for all frameworks: refuses a missing or malformed key, starts the
 * timeout, claims the key or replays the stored response, and runs the handler.
 *
 * Called by the gate, and again by a route that says more about the request than its gate does. The callbacks are the
 * framework's constants and their arguments are passed along, so that a request without a key and a timeout allocates
 * nothing here.
 */
export function admit<Next, Exchange, Result>(
  context: RequestContext,
  framework: Framework<Next, Exchange, Result>,
  next: Next,
  exchange: Exchange,
): Result | Promise<Result> {
  const refusal = context.readKey();
  if (refusal !== null) return framework.fail(refusal, next, exchange, context);
  if (!context.hasTimeout) return claimAndRun(context, framework, next, exchange);
  const start = (): Result | Promise<Result> => claimAndRun(context, framework, next, exchange);
  return framework.runWithTimeout(start, next, exchange, context);
}

/** Runs the handler, unless the request's key has been used before. */
function claimAndRun<Next, Exchange, Result>(
  context: RequestContext,
  framework: Framework<Next, Exchange, Result>,
  next: Next,
  exchange: Exchange,
): Result | Promise<Result> {
  if (!context.startsClaim()) return framework.run(next, exchange);
  const beforeReplay = (): void => framework.beforeReplay?.(exchange);
  return deduplicate(context, beforeReplay).then(
    (runs) => (runs ? framework.run(next, exchange) : framework.skip(exchange)),
    (error: unknown) => framework.fail(error, next, exchange, context),
  );
}
