import { framedHash } from "./framed-hash.ts";

/**
 * The name of a key's record in a store: SHA-256 of scope and key, as 43 characters of base64url.
 *
 * Two callers that choose the same key have two records, and whoever reads the store or a log learns neither the key
 * nor its scope. An operator who knows both finds the record with it.
 */
export function recordId(scope: string, key: string): string {
  return framedHash("reissue idempotency record 1", [scope, key]);
}
