import { hash } from "node:crypto";

/** How many bytes the length of a part takes. */
const lengthBytes = 8;

/** Where short frames are put together, since each is gone once it is hashed. */
const scratch = Buffer.allocUnsafeSlow(4096);

/**
 * SHA-256 over parts, as 43 characters of base64url, so framed that no two lists of parts hash alike: each goes in behind
 * its length.
 *
 * Text goes in as UTF-16, because UTF-8 makes one character of all lone surrogates.
 *
 * @param domain - What the hash is for and its version, so that another use, or another version, gives other hashes.
 */
export function framedHash(domain: string, parts: readonly (string | Uint8Array)[]): string {
  const all = [domain, ...parts];
  let total = 0;
  for (const part of all) total += lengthBytes + sizeOf(part);
  // Hashed at one go: a hash object costs more than the hash of what is as short as this mostly is.
  const frame = total > scratch.length ? Buffer.allocUnsafe(total) : scratch.subarray(0, total);
  let at = 0;
  for (const part of all) {
    const size = sizeOf(part);
    frame.writeUInt32BE(Math.floor(size / 2 ** 32), at);
    frame.writeUInt32BE(size % 2 ** 32, at + 4);
    at += lengthBytes;
    if (typeof part === "string") frame.write(part, at, "utf16le");
    else frame.set(part, at);
    at += size;
  }
  return hash("sha256", frame, "base64url");
}

function sizeOf(part: string | Uint8Array): number {
  return typeof part === "string" ? 2 * part.length : part.byteLength;
}
