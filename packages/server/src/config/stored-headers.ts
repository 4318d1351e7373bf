import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import type { HeaderFilter } from "../capture/response-head.ts";

/**
 * Headers that describe a response: content (RFC 9110 §8), `Location`, validators and caching (RFC 9110 §8.8, RFC 9111),
 * links, and hints about what to do next.
 */
const stored: ReadonlySet<string> = new Set([
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
const neverStored: ReadonlySet<string> = new Set([
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
 * Reads the `keepHeaders` option: which headers of a response are stored for its retries.
 *
 * @param more - Names beside those that describe the response.
 * @throws {@link OptionError} for a value that is not a header name, or a header that is never stored.
 */
export function storedHeaders(more: unknown, path: string): HeaderFilter {
  if (!Array.isArray(more)) {
    throw new OptionError(path, `must be an array of header names, got ${describe(more)}`);
  }
  const names = new Set(stored);
  for (const [index, name] of more.entries()) {
    if (typeof name !== "string" || !/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) {
      throw new OptionError(`${path}[${index}]`, `must be a header name, got ${describe(name)}`);
    }
    if (neverStored.has(name.toLowerCase())) {
      throw new OptionError(`${path}[${index}]`, `must not be ${name}: it is never stored`);
    }
    names.add(name.toLowerCase());
  }
  return (name) => names.has(name);
}

/** Whether a trailer of a response is stored, by its name in lower case: all but those that carry credentials. */
export function isStoredTrailer(name: string): boolean {
  return !neverStored.has(name);
}
