import type { Field } from "@reissue/core";

/** The body and the trailers of a response, as far as they have been written. */
export class RecordedBody {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  #trailers: Field[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The number of bytes written, recorded or not. */
  get size(): number {
    return this.#size;
  }

  /** Whether more bytes were written than may be recorded. */
  get isTooLarge(): boolean {
    return this.#size > this.#maxBytes;
  }

  get trailers(): readonly Field[] {
    return this.#trailers;
  }

  /** Adds bytes; their memory must not be reused. */
  add(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.isTooLarge) this.#chunks = [];
    else if (bytes.length > 0) this.#chunks.push(bytes);
  }

  /** Adds the argument of `addTrailers`: an object, or a list of pairs. */
  addTrailers(given: unknown): void {
    const pairs = Array.isArray(given) ? given : Object.entries(given ?? {});
    for (const [name, value] of pairs) {
      for (const each of [value].flat()) this.#trailers.push([String(name), String(each)]);
    }
  }

  /** The bytes; null where there were more than may be recorded. */
  body(): Buffer | null {
    if (this.isTooLarge) return null;
    const [only] = this.#chunks;
    return this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
  }
}

/** Whether Node accepts a value as a part of a body. */
export function isChunk(chunk: unknown): chunk is string | Uint8Array {
  return typeof chunk === "string" || chunk instanceof Uint8Array;
}

/**
 * The bytes in the arguments of `write` or `end`: a chunk, with its encoding if it is a string, or only a callback.
 *
 * A copy, since a handler may reuse the memory of a chunk once the chunk has been sent.
 */
export function bytesOf([chunk, encoding]: readonly unknown[]): Buffer {
  if (!isChunk(chunk)) return Buffer.alloc(0);
  if (typeof chunk !== "string") return Buffer.from(chunk);
  return Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8");
}
