import type { IncomingMessage } from "node:http";

import type { Claim } from "@reissue/core";

import { getContext } from "./request-registry.ts";

/**
 * The claim that a request of node:http runs under; null where it has no key, or keys are not deduplicated. `withTransaction`
 * of a store takes it, and its `signal` aborts when another request with the key may run beside this one.
 *
 * Express' request is one of node:http's; Koa has it as `ctx.req`, Fastify as `request.raw`.
 */
export function claimOf(request: IncomingMessage): Claim | null {
  return getContext(request)?.claim ?? null;
}
