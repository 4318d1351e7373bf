import { Transform, type TransformCallback } from "node:stream";
import { createInflate, createInflateRaw, type ZlibOptions } from "node:zlib";

/** Inflates "deflate", which is zlib's format; some servers send the raw format under its name. */
export class InflateStream extends Transform {
  readonly #options: ZlibOptions;
  #inflate: Transform | null = null;
  #hasEnded = false;
  /** Calls back for the chunk that is being inflated. */
  #done: (() => void) | null = null;

  constructor(options: ZlibOptions) {
    super();
    this.#options = options;
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#inflate ??= this.#begin(chunk);
    // Bytes that come after the end are dropped, as by fetch.
    if (this.#hasEnded) return done();
    this.#done = done;
    this.#inflate.write(chunk, encoding, () => this.#onWritten());
  }

  override _flush(done: TransformCallback): void {
    if (this.#inflate === null || this.#hasEnded) return done();
    this.#inflate.once("end", () => done()).end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inflate?.destroy();
    done(error);
  }

  #begin(first: Buffer): Transform {
    // The low half of zlib's first byte is 8 for the method deflate (RFC 1950 §2.2).
    const isZlib = (first[0]! & 0x0f) === 8;
    const inflate = isZlib ? createInflate(this.#options) : createInflateRaw(this.#options);
    inflate.on("data", (data: Buffer) => void this.push(data));
    inflate.on("error", (error) => this.destroy(error));
    inflate.on("end", () => {
      this.#hasEnded = true;
      // Zlib does not call back for a chunk with more bytes after the end.
      this.#onWritten();
    });
    return inflate;
  }

  #onWritten(): void {
    const done = this.#done;
    this.#done = null;
    done?.();
  }
}
