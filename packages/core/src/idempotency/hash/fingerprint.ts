import { framedHash } from "./framed-hash.ts";

/** Parts of a request that its fingerprint is made of. */
export interface FingerprintParts {
  readonly method: string;
  /** Path with query, as the client sent it. */
  readonly path: string;
  /** Content-Type, as the client sent it; "" for none. */
  readonly contentType: string;
  /** Raw bytes of the body; empty for none. */
  readonly body: Uint8Array;
}

/**
 * Fingerprint of a request, which distinguishes a retry from another request with the same key: SHA-256 as 43
 * characters of base64url.
 *
 * The draft leaves the parts open (draft-ietf-httpapi-idempotency-key-header-07 §2.4). The body is hashed raw, because
 * a parsed body depends on the parser; so a client that retries must send the same bytes.
 */
export function fingerprint({ method, path, contentType, body }: FingerprintParts): string {
  return framedHash("reissue request fingerprint 1", [method, path, contentType], body);
}

/** Fingerprint of a request whose service itself defines what a retry has in common with it. */
export function chosenFingerprint(chosen: string | Uint8Array): string {
  const bytes = typeof chosen === "string" ? Buffer.from(chosen) : chosen;
  return framedHash("reissue chosen fingerprint 1", [], bytes);
}
