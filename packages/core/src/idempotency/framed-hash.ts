import { createHash } from "node:crypto";

/**
 * SHA-256 over parts, so framed that no two lists of parts hash alike: each goes in behind its length.
 *
 * Text goes in as UTF-16, because UTF-8 makes one character of all lone surrogates.
 *
 * @param domain - What the hash is for and its version, so that another use, or another version, gives other hashes.
 */
export function framedHash(domain: string, parts: readonly (string | Uint8Array)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of [domain, ...parts]) {
    const bytes = typeof part === "string" ? Buffer.from(part, "utf16le") : part;
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(bytes.byteLength));
    hash.update(length).update(bytes);
  }
  return hash.digest();
}
