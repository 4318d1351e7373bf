import { hash } from "node:crypto";

/** How many bytes the length of a part takes. */
const lengthBytes = 8;

/**
 * SHA-256 over parts, so framed that no two lists of parts hash alike: each goes in behind its length.
 *
 * Text goes in as UTF-16, because UTF-8 makes one character of all lone surrogates.
 *
 * @param domain - What the hash is for and its version, so that another use, or another version, gives other hashes.
 */
export function framedHash(domain: string, parts: readonly (string | Uint8Array)[]): Buffer {
  const all = [domain, ...parts];
  const sizes = all.map((part) => (typeof part === "string" ? 2 * part.length : part.byteLength));
  const total = sizes.reduce((sum, size) => sum + lengthBytes + size, 0);
  // Hashed at one go: a hash object costs more than the hash of what is as short as this mostly is.
  const frame = Buffer.allocUnsafe(total);
  let at = 0;
  for (const [index, part] of all.entries()) {
    const size = sizes[index] ?? 0;
    frame.writeUInt32BE(Math.floor(size / 2 ** 32), at);
    frame.writeUInt32BE(size % 2 ** 32, at + 4);
    at += lengthBytes;
    if (typeof part === "string") frame.write(part, at, "utf16le");
    else frame.set(part, at);
    at += size;
  }
  return hash("sha256", frame, "buffer");
}
