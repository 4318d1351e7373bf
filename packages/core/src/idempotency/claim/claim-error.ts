import createError from "http-errors";

import type { ErrorCode } from "../../common/reissue-error.ts";
import { errorHeaders } from "../../gateway/error-headers.ts";
import { brandErrorResponse, withCause, type GatewayError } from "../../gateway/error-response.ts";

/** Error of a keyed request that did not run, of http-errors' kind; its message is for the client. */
export interface ClaimError extends GatewayError {
  readonly code: ErrorCode;
}

/** Creates the 422 for a key that was used with another request (draft-ietf-httpapi-idempotency-key-header-07 §2.7). */
export function keyMismatchError(): ClaimError {
  const message = "This Idempotency-Key was used with another request";
  return claimError(422, "ERR_REISSUE_KEY_MISMATCH", message);
}

/** Creates the 409 for a key whose first request is running (§2.7); it says when to retry. */
export function keyInFlightError(retryAfterSeconds: number): ClaimError {
  const message = "A request with this Idempotency-Key is in progress";
  return claimError(409, "ERR_REISSUE_KEY_IN_FLIGHT", message, retryAfterSeconds);
}

/** Creates the 409 for a key whose first request died, where nothing may run twice. */
export function keyOutcomeUnknownError(): ClaimError {
  const message =
    "A request with this Idempotency-Key was begun and did not end: its outcome is unknown";
  return claimError(409, "ERR_REISSUE_KEY_OUTCOME_UNKNOWN", message);
}

/** Creates the 409 for a key whose first response was not stored. */
export function responseNotStoredError(status: number): ClaimError {
  const message = `A request with this Idempotency-Key was answered with ${status}, and the answer was not kept`;
  return claimError(409, "ERR_REISSUE_KEY_ANSWER_NOT_KEPT", message);
}

/** Creates the 409 for a request that no longer holds its key, so that its work must not be committed. */
export function claimLostError(retryAfterSeconds: number): ClaimError {
  const message = "This request does not hold its Idempotency-Key any more";
  return claimError(409, "ERR_REISSUE_CLAIM_LOST", message, retryAfterSeconds);
}

/** Creates the 503 for a keyed request that cannot be claimed; nothing of it has run. */
export function storeUnavailableError(cause: unknown, retryAfterSeconds: number): ClaimError {
  const message = "Idempotency keys cannot be checked at the moment";
  const error = claimError(503, "ERR_REISSUE_STORE_UNAVAILABLE", message, retryAfterSeconds);
  return withCause(error, cause) as ClaimError;
}

/** Creates the 413 for a keyed request that is too large to be read before its handler runs. */
export function bodyTooLargeError(maxBytes: number): ClaimError {
  const message = `The body of a request with an Idempotency-Key may have at most ${maxBytes} bytes`;
  const error = claimError(413, "ERR_REISSUE_BODY_TOO_LARGE", message);
  // The rest of the body is not worth reading (RFC 9110 §15.5.14).
  Object.assign(error.headers, { Connection: "close" });
  return error;
}

/** Creates the 408 for a keyed request whose body is not complete in time (RFC 9110 §15.5.9); nothing of it has run. */
export function bodyTimeoutError(): ClaimError {
  const message = "The body of the request did not come in time";
  const error = claimError(408, "ERR_REISSUE_BODY_TIMEOUT", message);
  Object.assign(error.headers, { Connection: "close", "x-should-retry": "true" });
  return error;
}

/** Creates the 500 for a keyed request whose raw bytes are gone, because of the order of middleware. */
export function bodyConsumedError(): ClaimError {
  const message =
    "The body was read before the gate could: mount the gate before body parsers, or keep req.rawBody";
  return Object.assign(claimError(500, "ERR_REISSUE_BODY_CONSUMED", message), { expose: false });
}

/** @param retryAfterSeconds - Absent where a retry has the same result. */
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
  // The message says nothing that the client may not know, whatever the status.
  const error = createError(status, message, { code, expose: true, headers });
  return brandErrorResponse(error as unknown as ClaimError);
}
