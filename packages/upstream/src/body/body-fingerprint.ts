import { createHash, type Hash } from "node:crypto";

import { isFormData } from "./form-data.ts";
import { isReadOnce } from "./read-once.ts";

/**
 * The fingerprint of a body, equal for equal content: the same bytes, or the same entries of a form; null where that
 * cannot be told before it is read, as of a stream or of what a factory gives.
 *
 * Blobs and files are equal if they are the same object: they cannot change, and can only be read in time.
 */
export function bodyFingerprint(body: unknown): string | null {
  if (typeof body === "function" || isReadOnce(body)) return null;
  const hash = createHash("sha256");
  if (isFormData(body)) {
    for (const [name, value] of body) {
      add(hash, name);
      add(hash, value);
    }
  } else {
    add(hash, body);
  }
  return hash.digest("base64url");
}

/** Adds a piece behind its kind and its length, so that no two lists of pieces hash alike. */
function add(hash: Hash, piece: unknown): void {
  if (piece instanceof Blob) {
    hash.update(`blob ${numberOf(piece)}:`);
  } else {
    const bytes = bytesOf(piece);
    hash.update(`bytes ${bytes.byteLength}:`).update(bytes);
  }
}

function bytesOf(piece: unknown): Uint8Array {
  if (ArrayBuffer.isView(piece)) {
    return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  }
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  return Buffer.from((piece as string | URLSearchParams | null | undefined)?.toString() ?? "");
}

const numbers = new WeakMap<Blob, number>();
let lastNumber = 0;

function numberOf(blob: Blob): number {
  let number = numbers.get(blob);
  if (number === undefined) numbers.set(blob, (number = lastNumber += 1));
  return number;
}
