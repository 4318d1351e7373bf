import { framedHash } from "./framed-hash.ts";

/** What a request is known by, beside its key. */
export interface FingerprintParts {
  readonly method: string;
  /** Path with query, as the client sent it. */
  readonly path: string;
  /** The Content-Type field, as the client sent it; "" where there is none. */
  readonly contentType: string;
  /** The body's bytes before anything parsed them; empty where there is none. */
  readonly body: Uint8Array;
}

/**
 * The fingerprint of a request, by which a key that comes again with another request is told from a retry: SHA-256 as
 * 43 characters of base64url.
 *
 * The draft leaves open what goes in (draft-ietf-httpapi-idempotency-key-header-07 §2.4). Raw bytes, because a parsed
 * body depends on the parser; so a client that retries has to send what it sent before, byte for byte.
 */
export function fingerprint({ method, path, contentType, body }: FingerprintParts): string {
  return framedHash("reissue request fingerprint 1", [method, path, contentType], body);
}

/** The fingerprint of a request whose service says itself what a retry has in common with it. */
export function chosenFingerprint(chosen: string | Uint8Array): string {
  const bytes = typeof chosen === "string" ? Buffer.from(chosen) : chosen;
  return framedHash("reissue chosen fingerprint 1", [], bytes);
}
