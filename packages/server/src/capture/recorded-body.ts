import type { Field } from "@reissue/core";

/** What has been written of a response so far. */
export class RecordedBody {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #trailers: Field[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** How many bytes were written, kept or not. */
  get size(): number {
    return this.#size;
  }

  /** Whether there were more bytes than are kept. */
  get isTooLarge(): boolean {
    return this.#size > this.#maxBytes;
  }

  get trailers(): readonly Field[] {
    return this.#trailers;
  }

  /** Adds bytes that nobody else writes to. */
  add(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.isTooLarge) this.#chunks = [];
    else if (bytes.length > 0) this.#chunks.push(bytes);
  }

  /** Adds what `addTrailers` was given: an object, or a list of pairs. */
  addTrailers(given: unknown): void {
    const pairs = Array.isArray(given) ? given : Object.entries(given ?? {});
    for (const [name, value] of pairs) {
      for (const each of [value].flat()) this.#trailers.push([String(name), String(each)]);
    }
  }

  /** The bytes; null where there were more than are kept. */
  body(): Buffer | null {
    if (this.isTooLarge) return null;
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }
}

/** Whether Node takes it for a part of a body. */
export function isChunk(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === "string" || chunk instanceof Uint8Array;
}

/**
 * The bytes that `write` or `end` was given: a chunk, with its encoding if it is a string, or only a callback.
 *
 * A copy, since whoever wrote it may use its memory again once it has gone out.
 */
export function bytesOf([chunk, encoding]: readonly unknown[]): Buffer {
  if (!isChunk(chunk)) return Buffer.alloc(0);
  if (typeof chunk !== "string") return Buffer.from(chunk);
  return Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8");
}
