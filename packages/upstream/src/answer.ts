import {
  parseRetryAfter,
  statusListed,
  type Clock,
  type Condition,
  type Outcome,
} from "@reissue/core";

import { declaredLength, headerText, type RawHeaders } from "./raw-headers.ts";

/** A whole answer as an outcome to decide upon; null when its status is the caller's business whatever is decided. */
export function answerOutcome(
  status: number,
  headers: RawHeaders,
  retryOn: readonly Condition[],
  clock: Clock,
): Outcome | null {
  if (status < 400) return null;
  const retryAfterMs = parseRetryAfter(headerText(headers, "retry-after"), clock.wallNow());
  if (!statusListed(status, retryAfterMs !== null, retryOn)) return null;
  return { type: "answer", status, retryAfterMs };
}

/** Whether an answer declares a length of at most `maxBytes`, so that it can be held until it is whole. */
export function isShortAnswer(headers: RawHeaders, maxBytes: number): boolean {
  return declaredLength(headers) <= maxBytes;
}
