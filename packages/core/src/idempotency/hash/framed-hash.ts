import { createHash, hash } from "node:crypto";

import { latin1 } from "../../common/latin1.ts";

/** The most bytes that are hashed at one go, as text: a hash object costs more than the hash of so few. */
const shortBytes = 4096;

/**
 * SHA-256 over texts and the bytes that follow them, as 43 characters of base64url, so framed that no two lists of as
 * many texts hash alike: each goes in behind its length, and so do the bytes.
 *
 * @param domain - What the hash is for and its version, so that another use, or another version, gives other hashes.
 */
export function framedHash(domain: string, texts: readonly string[], bytes?: Uint8Array): string {
  let frame = domain;
  for (const text of texts) frame += `\n${text.length}:${text}`;
  // UTF-8 makes one character of all lone surrogates, and JSON tells them apart. No domain begins with a quote.
  if (!frame.isWellFormed()) frame = JSON.stringify(frame);
  if (bytes === undefined) return hash("sha256", frame, "base64url");
  frame += `\n${bytes.length}:`;
  if (bytes.length > shortBytes) {
    return createHash("sha256").update(frame).update(bytes).digest("base64url");
  }
  // A character for each byte: put together with them in a Buffer, it took half as long again.
  return hash("sha256", frame + latin1(bytes), "base64url");
}
