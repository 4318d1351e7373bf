import type { Failure } from "../failure/failure.ts";

/** RFC 8941 §3.3.4 */
const token = /^[A-Za-z*][\w!#$%&'*+\-.^`|~:/]*$/;
/** RFC 8941 §3.3.3: printable ASCII only. */
const printable = /^[\x20-\x7e]*$/;

/**
 * Value of a Proxy-Status field (RFC 9209 §2) that names this gateway and the failure behind it.
 *
 * Opt-in: an origin server must not send the field, and only the operator knows the name. Null when there is nothing to
 * say, or when `name` cannot be written as a Structured Field.
 */
export function proxyStatus(name: string, failure: Failure): string | null {
  if (failure.token === null || !printable.test(name)) return null;
  const member = token.test(name) ? name : `"${name.replaceAll(/["\\]/g, "\\$&")}"`;
  return `${member}; error=${failure.token}`;
}
