import type { IncomingMessage } from "node:http";

import { describe, OptionError } from "@reissue/core";

/** Whose key it is: a name for the caller that made the request, such as an account; or `shared` by all callers. */
export type Scope = "shared" | ((request: IncomingMessage) => string);

/**
 * The scope of one request's key, in one string; `shared` and a caller of that name are two.
 *
 * @throws {@link OptionError} where the function names nobody: keys of different callers would be one.
 */
export function scopeOf(request: IncomingMessage, scope: Scope): string {
  if (scope === "shared") return "shared";
  const name: unknown = scope(request);
  if (typeof name === "string" && name !== "") return `caller ${name}`;
  throw new OptionError(
    "idempotency.scope",
    `must return a string that is not empty, got ${describe(name)}`,
  );
}
