import { parseRetryAfter, statusListed, type Condition, type Outcome } from "@reissue/core";

import { rawHeader, type RawHeaders } from "./raw-headers.ts";

/**
 * A whole answer as an outcome to decide upon; null when its status is the caller's business whatever is decided.
 *
 * @param wallNowMs - Milliseconds since the Unix epoch, for a Retry-After that is a date.
 */
export function answerOutcome(
  status: number,
  headers: RawHeaders,
  retryOn: readonly Condition[],
  wallNowMs: number,
): Outcome | null {
  if (status < 400) return null;
  const retryAfterMs = parseRetryAfter(rawHeader(headers, "retry-after") ?? undefined, wallNowMs);
  if (!statusListed(status, retryAfterMs !== null, retryOn)) return null;
  return { type: "answer", status, retryAfterMs };
}

/** Whether an answer declares a length of at most `maxBytes`, so that it can be held until it is whole. */
export function isShortAnswer(headers: RawHeaders, maxBytes: number): boolean {
  const length = rawHeader(headers, "content-length");
  return length !== null && Number(length) <= maxBytes;
}
