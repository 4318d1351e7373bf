import type { IncomingMessage } from "node:http";

import { OptionError } from "@reissue/core";
import { describe, isPromise } from "@reissue/core/internal";

/**
 * The caller that a key belongs to: a function that returns a name for it, such as an account; or `shared` by all callers.
 *
 * Called with the argument of the framework's own middleware (Express and node:http: the request; Koa: the context;
 * Fastify: its request) when the request comes to the gate, so that authentication has to come before. Must not be async:
 * outbound calls use it too, and do not wait.
 */
export type Scope<FrameworkContext = IncomingMessage> =
  | "shared"
  | ((frameworkContext: FrameworkContext) => string);

/**
 * The scope of one request's key, as one string; `shared` and a caller of that name are different.
 *
 * @throws {@link OptionError} where the function returns no name: different callers would share their keys.
 */
export function scopeOf<FrameworkContext>(
  frameworkContext: FrameworkContext,
  scope: Scope<FrameworkContext>,
): string {
  if (scope === "shared") return "shared";
  const name: unknown = scope(frameworkContext);
  if (typeof name === "string" && name !== "") return `caller ${name}`;
  const problem = `must return a string that is not empty, got ${describe(name)}`;
  if (!isPromise(name)) throw new OptionError("idempotency.scope", problem);
  // Nothing else handles its rejection.
  Promise.resolve(name).catch(() => {});
  const remedy = "await it in a middleware before the gate";
  throw new OptionError("idempotency.scope", `${problem}: ${remedy}`);
}
