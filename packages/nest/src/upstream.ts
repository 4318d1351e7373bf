import { createParamDecorator, type ExecutionContext } from "@nestjs/common";
import { getContext } from "@reissue/server/internal";
import type * as Client from "@reissue/upstream";
import type { BoundUpstream } from "@reissue/upstream";

import { rawRequest } from "./exchange.ts";

/**
 * Injects the outbound client of the current request, which makes a provider request-scoped:
 * `constructor(@Inject(UPSTREAM) private readonly upstream: BoundUpstream) {}`.
 */
export const UPSTREAM: unique symbol = Symbol.for("reissue.nest.upstream") as never;

/**
 * Injects the application's outbound client, for calls that belong to no request: jobs, WebSocket messages. Its `bind`
 * gives them a deadline, a signal and a key.
 */
export const UPSTREAM_CLIENT: unique symbol = Symbol.for("reissue.nest.client") as never;

/** The application's outbound client, which {@link UPSTREAM_CLIENT} injects. */
export type Upstream = Client.Upstream;

/**
 * Passes a handler the outbound client of its request: its deadline, its route's opt-in, its client's disconnect.
 *
 * @example
 * ```ts
 * @Get(":id")
 * async order(@Param("id") id: string, @Upstream() upstream: BoundUpstream) {
 *   return (await upstream(`http://orders:3000/orders/${id}`)).json();
 * }
 * ```
 */
export const Upstream: () => ParameterDecorator = createParamDecorator(
  (_data: unknown, context: ExecutionContext) => boundUpstream(requestOf(context)),
);

/** The outbound client of a request. @param request - Nest's, or the context of GraphQL that holds it. */
export function boundUpstream(request: unknown): BoundUpstream {
  const holder = request as { readonly req?: unknown } | null | undefined;
  const context = holder == null ? null : getContext(rawRequest(holder.req ?? holder));
  if (context?.client != null) return context.bind(context.client()) as BoundUpstream;
  throw new Error(
    "No HTTP request that came through ReissueModule: import ReissueModule.forRoot(), and inject UPSTREAM_CLIENT where there is no request",
  );
}

function requestOf(context: ExecutionContext): unknown {
  if (context.getType() === "http") return context.getArgByIndex(0);
  // GraphQL's resolvers get the context third.
  return context.getType<string>() === "graphql" ? context.getArgByIndex(2) : null;
}
