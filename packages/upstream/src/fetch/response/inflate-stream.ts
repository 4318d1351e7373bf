import { Transform, type TransformCallback } from "node:stream";
import { createInflate, createInflateRaw, type ZlibOptions } from "node:zlib";

/** Inflates "deflate", which is zlib's format; some servers send the raw format under its name. */
export class InflateStream extends Transform {
  readonly #options: ZlibOptions;
  #inflate: Transform | null = null;

  constructor(options: ZlibOptions) {
    super();
    this.#options = options;
  }

  override _transform(chunk: Buffer, encoding: BufferEncoding, done: TransformCallback): void {
    this.#inflate ??= this.#begin(chunk);
    this.#inflate.write(chunk, encoding, done);
  }

  override _flush(done: TransformCallback): void {
    if (this.#inflate === null) return done();
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
    return inflate;
  }
}
