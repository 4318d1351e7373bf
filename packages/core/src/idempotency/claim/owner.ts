import { randomFillSync } from "node:crypto";

const ownerBytes = 16;

/** Random bytes to come, for to ask the system for a few costs as much as for many. */
const pool = Buffer.allocUnsafeSlow(256 * ownerBytes);
let used = pool.length;

/**
 * A name for who makes a claim, that nobody else has: 128 random bits, as 22 characters of base64url.
 *
 * No UUID: V8 keeps one of Node's in the twenty pieces that it was joined of, which take 489 bytes (Node 20.20, measured alone).
 */
export function newOwner(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += ownerBytes;
  return pool.toString("base64url", used - ownerBytes, used);
}
