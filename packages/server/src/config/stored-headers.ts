import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import type { HeaderFilter } from "../capture/response-head.ts";

/**
 * Headers that say what an answer is and where it is: content (RFC 9110 §8), `Location`, validators and caching (RFC
 * 9110 §8.8, RFC 9111), links, and what tells a client how to go on.
 */
const kept: ReadonlySet<string> = new Set([
  "accept-patch",
  "accept-post",
  "accept-ranges",
  "allow",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-location",
  "content-range",
  "content-type",
  "deprecation",
  "etag",
  "expires",
  "last-modified",
  "link",
  "location",
  "preference-applied",
  "retry-after",
  "sunset",
  "trailer",
  "vary",
  "x-should-retry",
]);

/** Headers that carry credentials, or belong to one connection or one message. */
const neverKept: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "content-length",
  "cookie",
  "date",
  "idempotent-replayed",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "set-cookie",
  "set-cookie2",
  "te",
  "transfer-encoding",
  "upgrade",
  "www-authenticate",
]);

/**
 * Tells which headers of an answer are kept for its retries, by name in lower case.
 *
 * @param more - Names beside those that describe the answer.
 * @throws {@link OptionError} for a name that is none, or that is never kept.
 */
export function storedHeaders(more: unknown, path: string): HeaderFilter {
  if (!Array.isArray(more)) {
    throw new OptionError(path, `must be an array of header names, got ${describe(more)}`);
  }
  const names = new Set(kept);
  for (const [index, name] of more.entries()) {
    if (typeof name !== "string" || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      throw new OptionError(`${path}[${index}]`, `must be a header name, got ${describe(name)}`);
    }
    if (neverKept.has(name.toLowerCase())) {
      throw new OptionError(`${path}[${index}]`, `must not be ${name}: it is never kept`);
    }
    names.add(name.toLowerCase());
  }
  return (name) => names.has(name);
}

/** Whether a trailer of an answer is kept, by its name in lower case: all are that carry no credentials. */
export function isStoredTrailer(name: string): boolean {
  return !neverKept.has(name);
}
