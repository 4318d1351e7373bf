import type { Dispatcher } from "undici";

import { headerValue, withHeader } from "./request-headers.ts";

type Headers = Dispatcher.DispatchOptions["headers"];

/** Adds what is known of a body to its request's headers; a Content-Type that the caller has set stays. */
export function withContentHeaders(
  headers: Headers,
  type: string | null,
  length: number | null,
): Headers {
  let described = headers;
  if (type !== null && headerValue(headers, "content-type") === undefined) {
    described = withHeader(headers, "content-type", type);
  }
  return length === null ? described : withHeader(described, "content-length", String(length));
}

/** Whether the headers declare no length but the body's own; undici refuses any other. */
export function isRightLength(headers: Headers, length: number): boolean {
  const declared = headerValue(headers, "content-length");
  return declared === undefined || Number(declared) === length;
}
