import {
  parseRetryAfter,
  type Clock,
  type Condition,
  type Failure,
  type Outcome,
} from "@reissue/core";
import { statusListed } from "@reissue/core/internal";

import { headerText, joinedHeader, type RawHeaders } from "../headers/raw-headers.ts";

/** Outcome of a response; null when its status is the caller's, whatever the policy. */
export function responseOutcome(
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

/** Outcome of a failure; null for none. */
export function failureOutcome(failure: Failure | null): Outcome | null {
  return failure === null ? null : { type: "failure", failure };
}

/** Whether a response may mean that the server has closed an idle connection: 408 with `Connection: close`. */
export function endsConnection(status: number, headers: RawHeaders): boolean {
  if (status !== 408) return false;
  const options = joinedHeader(headers, "connection")?.toString("latin1") ?? "";
  return /(?:^|,)\s*close\s*(?:,|$)/i.test(options);
}

/** Whether a response has content, whose length it may declare (RFC 9110 §6.4.1). */
export function hasContent(status: number, method: string): boolean {
  return status !== 204 && status !== 304 && method !== "HEAD";
}

/**
 * Whether a response is complete that undici reports as cut. A 304 has no content, whatever length it declares: that is
 * the length of a 200's content (RFC 9110 §8.6). A 204 that declares a length is complete as well.
 */
export function isWholeWithoutContent(
  status: number | null,
  error: Error & { code?: string },
): boolean {
  return (status === 304 || status === 204) && error.code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH";
}
