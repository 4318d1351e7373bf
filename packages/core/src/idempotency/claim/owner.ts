import { nodeCrypto } from "../hash/node-crypto.ts";

const ownerBytes = 16;

/** Pool of random bytes. perf: docs/performance.md#owners */
const pool = Buffer.allocUnsafeSlow(256 * ownerBytes);
let used = pool.length;

/**
 * Creates a unique name for the owner of a claim: 128 random bits, as 22 characters of base64url.
 *
 * Not a UUID. perf: docs/performance.md#owners
 */
export function newOwner(): string {
  if (used === pool.length) {
    nodeCrypto().randomFillSync(pool);
    used = 0;
  }
  used += ownerBytes;
  return pool.toString("base64url", used - ownerBytes, used);
}
