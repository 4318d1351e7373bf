import type { Dispatcher } from "undici";

import { headerPairs } from "./request-headers.ts";

type Headers = Dispatcher.DispatchOptions["headers"];

/**
 * Converts headers to HTTP/2: in lower case, and without those about a single connection (RFC 9113 §8.2).
 *
 * Node throws for any other header, in a callback of undici's where nothing can catch it: a header that a gateway
 * passes on from its client would end the process.
 */
export function http2Headers(headers: Headers): Headers {
  if (headers === null || headers === undefined) return headers;
  const converted: string[] = [];
  for (const [key, values] of headerPairs(headers)) {
    const name = key.toLowerCase();
    if (values === undefined || isOfConnection(name, values)) continue;
    for (const each of Array.isArray(values) ? values : [values]) converted.push(name, each);
  }
  return converted;
}

/** Undici itself handles `connection`, and refuses the rest of the list of RFC 9113 §8.2.2. */
function isOfConnection(name: string, values: string | string[]): boolean {
  if (name === "te") return String(values) !== "trailers";
  return name === "proxy-connection" || name === "http2-settings";
}
