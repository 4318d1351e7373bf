import {
  parseRetryAfter,
  statusListed,
  type Clock,
  type Condition,
  type Outcome,
} from "@reissue/core";

import { headerText, type RawHeaders } from "./raw-headers.ts";

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
