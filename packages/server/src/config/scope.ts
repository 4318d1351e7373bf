import type { IncomingMessage } from "node:http";

import { OptionError } from "@reissue/core";
import { describe, isPromise } from "@reissue/core/internal";

/**
 * Whose key it is: a name for the caller that made the request, such as an account; or `shared` by all callers.
 *
 * The function is given what the framework's own middleware are given: Express' and node:http's request, Koa's context,
 * Fastify's request. It is asked when the gate sees the request, so whatever knows the caller has to come before. It is not
 * async: outbound calls ask it too, and wait for nothing.
 */
export type Scope<Carrier = IncomingMessage> = "shared" | ((carrier: Carrier) => string);

/**
 * The scope of one request's key, in one string; `shared` and a caller of that name are two.
 *
 * @throws {@link OptionError} where the function names nobody: keys of different callers would be one.
 */
export function scopeOf<Carrier>(carrier: Carrier, scope: Scope<Carrier>): string {
  if (scope === "shared") return "shared";
  const name: unknown = scope(carrier);
  if (typeof name === "string" && name !== "") return `caller ${name}`;
  const problem = `must return a string that is not empty, got ${describe(name)}`;
  if (!isPromise(name)) throw new OptionError("idempotency.scope", problem);
  // Nobody waits for it, and nobody else would hear that it fails.
  Promise.resolve(name).catch(() => {});
  const remedy = "await it in a middleware before the gate";
  throw new OptionError("idempotency.scope", `${problem}: ${remedy}`);
}
