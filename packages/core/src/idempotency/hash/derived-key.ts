import { framedHash } from "./framed-hash.ts";

/** Parts that a derived key is made of. */
export interface DerivedKeyParts {
  /** Scope in which the inbound key was read. */
  readonly scope: string;
  /** Inbound idempotency key, without quotes. */
  readonly key: string;
  /** Origin of the call, such as `http://payments:3000`. */
  readonly origin: string;
  readonly method: string;
  /** Name of the outbound call, given by its author; the same on every run of the handler. */
  readonly step: string;
}

/**
 * Derives the Idempotency-Key of an outbound call that is made on behalf of a keyed inbound request.
 *
 * The same parts give the same key, so a handler that runs again, on any machine, repeats its calls instead of making
 * new ones; other parts give another key. Path and body are left out: a second run may have another time in them. The
 * client's own key is not forwarded, because clients of different scopes choose keys that collide under the one
 * credential that the service shares upstream.
 *
 * The key is a UUID of version 8 (RFC 9562 §5.8), which the Idempotency-Key draft recommends and which fits any length
 * limit: 122 bits of SHA-256. It reveals nothing of its parts unless they can be guessed.
 */
export function derivedKey({ scope, key, origin, method, step }: DerivedKeyParts): string {
  const parts = [scope, key, origin, method, step];
  const hash = framedHash("reissue derived idempotency key 2", parts);
  const uuid = Buffer.from(hash, "base64url").subarray(0, 16);
  uuid.writeUInt8((uuid.readUInt8(6) & 0x0f) | 0x80, 6);
  uuid.writeUInt8((uuid.readUInt8(8) & 0x3f) | 0x80, 8);
  return uuid.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
