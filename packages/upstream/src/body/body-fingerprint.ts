import { createHash, type Hash } from "node:crypto";

import { isReadOnce, type BodyKind } from "./body-kind.ts";
import { CopiedBytes } from "./copied-bytes.ts";
import type { FormEntries } from "./form/form-entries.ts";

/**
 * Fingerprint of an unchanging body, equal for equal content: the same bytes, or the same entries of a form. Null for a
 * stream or a factory, whose content is not known before it is read.
 *
 * Blobs and files are equal if they are the same object: they cannot change, and reading them takes time.
 */
export function bodyFingerprint(body: unknown, kind: BodyKind): string | null {
  if (kind === "factory" || isReadOnce(kind)) return null;
  const hash = createHash("sha256");
  if (kind === "form") {
    for (const [name, value] of body as FormEntries) {
      add(hash, name);
      add(hash, value);
    }
  } else {
    add(hash, body);
  }
  return hash.digest("base64url");
}

/** Adds a piece, prefixed with its kind and length, so that no two lists of pieces have the same hash. */
function add(hash: Hash, piece: unknown): void {
  const bytes = bytesOf(piece);
  if (bytes === null) hash.update(`blob ${numberOf(piece as object)}:`);
  else hash.update(`bytes ${bytes.byteLength}:`).update(bytes);
}

/** Bytes of a piece; null for a Blob, which takes time to read. */
function bytesOf(piece: unknown): Uint8Array | null {
  if (piece instanceof CopiedBytes) return piece.bytes;
  if (piece instanceof URLSearchParams) return Buffer.from(piece.toString());
  if (typeof piece === "object" && piece !== null) return null;
  return Buffer.from((piece as string | undefined | null) ?? "");
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

function numberOf(blob: object): number {
  let number = numbers.get(blob);
  if (number === undefined) numbers.set(blob, (number = lastNumber += 1));
  return number;
}
