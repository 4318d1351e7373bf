import { framedHash } from "./framed-hash.ts";

/**
 * Name of a key's record in a store: SHA-256 of scope and key, as 43 characters of base64url.
 *
 * Two callers that choose the same key have two records, and the store and its logs reveal neither key nor scope. An
 * operator who knows both can find the record.
 */
export function recordId(scope: string, key: string): string {
  return framedHash("reissue idempotency record 1", [scope, key]);
}
