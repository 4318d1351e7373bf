import createError from "http-errors";

import type { ErrorCode } from "../../common/reissue-error.ts";
import { errorHeaders } from "../../gateway/error-headers.ts";
import { brandErrorResponse, withCause, type GatewayError } from "../../gateway/error-response.ts";

/** Why a keyed request was not run, as an error of http-errors' kind; its message is for the client. */
export interface ClaimError extends GatewayError {
  readonly code: ErrorCode;
}

/** The 422 for a key that was used with another request (draft-ietf-httpapi-idempotency-key-header-07 §2.7). */
export function keyMismatchError(): ClaimError {
  const message = "This Idempotency-Key was used with another request";
  return claimError(422, "ERR_REISSUE_KEY_MISMATCH", message);
}

/** The 409 for a key whose first request is being worked on (§2.7); it says when to come again. */
export function keyInFlightError(retryAfterSeconds: number): ClaimError {
  const message = "A request with this Idempotency-Key is in progress";
  return claimError(409, "ERR_REISSUE_KEY_IN_FLIGHT", message, retryAfterSeconds);
}

/** The 409 for a key whose first request died on the way, where nothing may run twice. */
export function keyOutcomeUnknownError(): ClaimError {
  const message =
    "A request with this Idempotency-Key was begun and did not end: its outcome is unknown";
  return claimError(409, "ERR_REISSUE_KEY_OUTCOME_UNKNOWN", message);
}

/** The 409 for a key whose first request was answered with something that was not kept. */
export function responseNotStoredError(status: number): ClaimError {
  const message = `A request with this Idempotency-Key was answered with ${status}, and the answer was not kept`;
  return claimError(409, "ERR_REISSUE_KEY_ANSWER_NOT_KEPT", message);
}

/** The 409 for a request that does not hold its key any more, so that its work may not be committed. */
export function claimLostError(retryAfterSeconds: number): ClaimError {
  const message = "This request does not hold its Idempotency-Key any more";
  return claimError(409, "ERR_REISSUE_CLAIM_LOST", message, retryAfterSeconds);
}

/** The 503 for a keyed request that cannot be claimed; nothing of it has run. */
export function storeUnavailableError(cause: unknown, retryAfterSeconds: number): ClaimError {
  const message = "Idempotency keys cannot be checked at the moment";
  const error = claimError(503, "ERR_REISSUE_STORE_UNAVAILABLE", message, retryAfterSeconds);
  return withCause(error, cause) as ClaimError;
}

/** The 413 for a keyed request that is too large to be read before its handler runs. */
export function bodyTooLargeError(maxBytes: number): ClaimError {
  const message = `The body of a request with an Idempotency-Key may have at most ${maxBytes} bytes`;
  const error = claimError(413, "ERR_REISSUE_BODY_TOO_LARGE", message);
  // What is left of it is not worth reading (RFC 9110 §15.5.14).
  Object.assign(error.headers, { Connection: "close" });
  return error;
}

/** The 408 for a keyed request whose body has not come whole in time (RFC 9110 §15.5.9); nothing of it has run. */
export function bodyTimeoutError(): ClaimError {
  const message = "The body of the request did not come in time";
  const error = claimError(408, "ERR_REISSUE_BODY_TIMEOUT", message);
  Object.assign(error.headers, { Connection: "close", "x-should-retry": "true" });
  return error;
}

/** The 500 for a keyed request whose raw bytes are gone, because of the order in which middleware are mounted. */
export function bodyConsumedError(): ClaimError {
  const message =
    "The body was read before the gate could: mount the gate before body parsers, or keep req.rawBody";
  return Object.assign(claimError(500, "ERR_REISSUE_BODY_CONSUMED", message), { expose: false });
}

/** @param retryAfterSeconds - Left out where another try comes to the same. */
function claimError(
  status: number,
  code: ErrorCode,
  message: string,
  retryAfterSeconds?: number,
): ClaimError {
  const headers = errorHeaders({
    shouldRetry: retryAfterSeconds !== undefined,
    retryAfterSeconds,
  });
  // Its message says nothing that the client may not know, whatever the status.
  const error = createError(status, message, { code, expose: true, headers });
  return brandErrorResponse(error as unknown as ClaimError);
}
