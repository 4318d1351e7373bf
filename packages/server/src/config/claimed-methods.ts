import { isSafeMethod, OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

/** Whether the keys of requests are claimed, by method. */
export type ClaimsMethod = (method: string) => boolean;

/**
 * Reads the `methods` option: the methods whose keys are claimed; by default all that are not safe (RFC 9110 §9.2.1).
 *
 * @throws {@link OptionError} for a value that is not a list of methods.
 */
export function claimedMethods(methods: unknown, path: string): ClaimsMethod {
  if (methods === undefined) return (method) => !isSafeMethod(method);
  if (!Array.isArray(methods)) {
    throw new OptionError(path, `must be an array of methods, got ${describe(methods)}`);
  }
  for (const [index, method] of methods.entries()) {
    // Methods are case-sensitive, and all that are in use are in upper case: "post" would claim nothing.
    if (typeof method === "string" && /^[A-Z][A-Z-]*$/.test(method)) continue;
    throw new OptionError(
      `${path}[${index}]`,
      `must be a method such as "POST", got ${describe(method)}`,
    );
  }
  const claimed = new Set(methods);
  return (method) => claimed.has(method);
}
