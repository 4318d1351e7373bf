import type { Field } from "@reissue/core";

/** What has been written of a response so far. */
export class Recording {
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

  get trailers(): readonly Field[] {
    return this.#trailers;
  }

  /** Adds what `write` or `end` was given: a chunk, with its encoding if it is a string, or only a callback. */
  add([chunk, encoding]: readonly unknown[]): void {
    if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) return;
    // A copy, since whoever wrote it may use its memory again once it has gone out.
    const bytes =
      typeof chunk === "string"
        ? Buffer.from(chunk, typeof encoding === "string" ? (encoding as BufferEncoding) : "utf8")
        : Buffer.from(chunk);
    this.#size += bytes.length;
    if (this.#size > this.#maxBytes) this.#chunks = [];
    else this.#chunks.push(bytes);
  }

  /** Adds what `addTrailers` was given: an object, or a list of pairs. */
  addTrailers(given: unknown): void {
    const pairs = Array.isArray(given) ? given : Object.entries(given ?? {});
    for (const [name, value] of pairs) this.#trailers.push([String(name), String(value)]);
  }

  /** The bytes; null where there were more than are kept. */
  body(): Buffer | null {
    return this.#size > this.#maxBytes ? null : Buffer.concat(this.#chunks, this.#size);
  }
}
