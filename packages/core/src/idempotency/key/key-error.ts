import createError from "http-errors";

import type { ErrorCode } from "../../common/reissue-error.ts";
import { errorHeaders } from "../../gateway/error-headers.ts";
import { brandErrorResponse, type GatewayError } from "../../gateway/error-response.ts";
import { keyProblemText, type ParsedKey } from "./key.ts";

/** Error about an inbound Idempotency-Key, of http-errors' kind; its message is for the client. */
export interface KeyError extends GatewayError {
  readonly code: ErrorCode;
  /** Position of the problem in the value, 0 for its first character; null without a value. */
  readonly position: number | null;
}

/** Creates the 400 for a route that requires a key and got none (draft-ietf-httpapi-idempotency-key-header-07 §2.7). */
export function keyMissingError(): KeyError {
  return keyError("ERR_REISSUE_KEY_MISSING", "This request needs an Idempotency-Key header", null);
}

/** Creates the 400 for a malformed key; it says what is wrong and where, and never repeats the key. */
export function keyMalformedError(parsed: ParsedKey & { readonly ok: false }): KeyError {
  const { problem, position } = parsed;
  const message = `The Idempotency-Key header is malformed at character ${position + 1}: ${keyProblemText[problem]}`;
  return keyError("ERR_REISSUE_KEY_MALFORMED", message, position);
}

function keyError(code: ErrorCode, message: string, position: number | null): KeyError {
  const headers = errorHeaders({});
  const error = createError(400, message, { code, position, headers });
  return brandErrorResponse(error as unknown as KeyError);
}
