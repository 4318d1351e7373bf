import { latin1 } from "../../common/latin1.ts";
import { nodeCrypto } from "./node-crypto.ts";

/** Most bytes that are hashed in one call, as text. perf: docs/performance.md#hash */
const shortBytes = 4096;

/**
 * SHA-256 of texts and bytes, as 43 characters of base64url. Each is prefixed with its length, so that no two lists of
 * as many texts have the same hash.
 *
 * @param domain - Purpose and version of the hash; another one gives other hashes.
 */
export function framedHash(domain: string, texts: readonly string[], bytes?: Uint8Array): string {
  let frame = domain;
  for (const text of texts) frame += `\n${text.length}:${text}`;
  // UTF-8 maps all lone surrogates to one character; JSON distinguishes them. No domain begins with a quote.
  if (!frame.isWellFormed()) frame = JSON.stringify(frame);
  if (bytes === undefined) return nodeCrypto().hash("sha256", frame, "base64url");
  frame += `\n${bytes.length}:`;
  if (bytes.length > shortBytes) {
    return nodeCrypto().createHash("sha256").update(frame).update(bytes).digest("base64url");
  }
  // One character for each byte. perf: docs/performance.md#hash
  return nodeCrypto().hash("sha256", frame + latin1(bytes), "base64url");
}
