import type { IncomingMessage } from "node:http";

import type { Claim } from "@reissue/core";

import { InboundRequest } from "./inbound-request.ts";

/**
 * The claim that a request of node:http runs under, for `withTransaction` of a store; null where it has no key, or keys
 * are not deduplicated.
 *
 * Express' request is one of node:http's; Koa has it as `ctx.req`, Fastify as `request.raw`.
 */
export function claimOf(request: IncomingMessage): Claim | null {
  return InboundRequest.from(request)?.claim ?? null;
}
