import type { IncomingMessage } from "node:http";

import type { Claim } from "@reissue/core";

import { getContext } from "./request-registry.ts";

/**
 * The claim under which a request of node:http runs; null where it has no key, or keys are not deduplicated. A store's
 * `withTransaction` takes it, and its `signal` aborts when another request with the key may run beside this one.
 *
 * Express passes the request of node:http itself; Koa has it as `ctx.req`, Fastify as `request.raw`.
 */
export function claimOf(request: IncomingMessage): Claim | null {
  return getContext(request)?.claim ?? null;
}
