import type { FastifyReply, RouteHandlerMethod } from "fastify";

/** The slot of a reply whose handler is running. */
const running: unique symbol = Symbol("reissue.running");

interface Reply extends FastifyReply {
  [running]?: boolean;
}

/** An option of routes and servers that only later versions of Fastify 5 have, in ms; 0 for none. */
interface HandlerTimeout {
  readonly handlerTimeout?: number | undefined;
}

/**
 * Notes while an async handler is running, if its route has Fastify's own timeout: the handler goes on once Fastify has
 * responded in its place, and a retry must not run beside it.
 */
export function watchRunning(
  handler: RouteHandlerMethod,
  route: HandlerTimeout,
  server: HandlerTimeout,
): RouteHandlerMethod {
  if ((route.handlerTimeout ?? server.handlerTimeout ?? 0) === 0) return handler;
  return function reissueRunning(request, reply: Reply) {
    const result: unknown = handler.call(this, request, reply);
    // The end of others shows in their response alone.
    if (!(result instanceof Promise)) return result;
    reply[running] = true;
    return result.finally(() => (reply[running] = false));
  };
}

/** Whether an error is that of Fastify's own timeout, and the handler is still running. */
export function isTimeoutOfRunning(error: unknown, reply: Reply): boolean {
  return reply[running] === true && codeOf(error) === "FST_ERR_HANDLER_TIMEOUT";
}

function codeOf(error: unknown): unknown {
  try {
    return (error as { readonly code?: unknown } | null)?.code;
  } catch {
    return undefined;
  }
}
