import { createHash, hash } from "node:crypto";

/** Where text and bytes are put together, which are gone once they are hashed. */
const scratch = Buffer.allocUnsafeSlow(4096);

/** The most bytes of UTF-8 that one unit of a string comes to. */
const unitBytes = 3;

/**
 * SHA-256 over texts and the bytes that follow them, as 43 characters of base64url, so framed that no two lists of as
 * many texts hash alike: each goes in behind its length.
 *
 * @param domain - What the hash is for and its version, so that another use, or another version, gives other hashes.
 */
export function framedHash(domain: string, texts: readonly string[], bytes?: Uint8Array): string {
  let frame = domain;
  for (const text of texts) frame += `\n${text.length}:${text}`;
  // UTF-8 makes one character of all lone surrogates, and JSON tells them apart. No domain begins with a quote.
  if (!frame.isWellFormed()) frame = JSON.stringify(frame);
  if (bytes === undefined) return hash("sha256", frame, "base64url");
  if (unitBytes * frame.length + bytes.length > scratch.length) {
    return createHash("sha256").update(frame).update(bytes).digest("base64url");
  }
  // At one go: a hash object costs more than the hash of what is as short as this mostly is.
  const at = scratch.write(frame);
  scratch.set(bytes, at);
  return hash("sha256", scratch.subarray(0, at + bytes.length), "base64url");
}
