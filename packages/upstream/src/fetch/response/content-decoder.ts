import { pipeline, Readable, type Duplex } from "node:stream";
import * as zlib from "node:zlib";

import { InflateStream } from "./inflate-stream.ts";
import type { ResponseBody } from "./response-body.ts";

/** Most codings of one response; curl's limit, against chains that are made to be expensive. */
const maxCodings = 5;

/** Lenient, as curl and browsers are: bytes are decoded as they come, and a missing end is no error. */
const lenient = {
  flush: zlib.constants.Z_SYNC_FLUSH,
  finishFlush: zlib.constants.Z_SYNC_FLUSH,
};

const decoders: Readonly<Record<string, () => Duplex>> = {
  gzip: () => zlib.createGunzip(lenient),
  "x-gzip": () => zlib.createGunzip(lenient),
  deflate: () => new InflateStream(lenient),
  br: () =>
    zlib.createBrotliDecompress({
      flush: zlib.constants.BROTLI_OPERATION_FLUSH,
      finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
    }),
  ...zstd(),
};

/** Decoder of Zstandard, where Node has it: from 22.15 and 23.8 on. */
function zstd(): Record<string, () => Duplex> {
  const { createZstdDecompress, constants } = zlib as typeof zlib & {
    createZstdDecompress?: (options: object) => Duplex;
    constants: Record<string, number>;
  };
  if (createZstdDecompress === undefined) return {};
  const options = { flush: constants["ZSTD_e_continue"], finishFlush: constants["ZSTD_e_end"] };
  return { zstd: () => createZstdDecompress(options) };
}

/**
 * Reads Content-Encoding.
 *
 * @returns the codings to undo, the last one first; none where one is unknown, as fetch returns such a body unchanged.
 * @throws Error for more than five codings.
 */
export function contentCodings(field: string | undefined): readonly string[] {
  if (field === undefined || field === "") return [];
  const codings = field.toLowerCase().split(",");
  if (codings.length > maxCodings) {
    throw new Error(
      `The response has ${codings.length} content codings; ${maxCodings} are allowed`,
    );
  }
  const names = codings.map((coding) => coding.trim()).toReversed();
  return names.every((name) => Object.hasOwn(decoders, name)) ? names : [];
}

/** Decodes the body of a response. */
export class ContentDecoder {
  readonly #body: ResponseBody;
  readonly #input: Readable;
  readonly #output: Duplex;
  #isEmpty = true;

  /**
   * @param resume - Called when the decoder takes more, after {@link push} has returned false.
   * @param onError - Called for bytes that do not match the codings.
   */
  constructor(
    codings: readonly string[],
    body: ResponseBody,
    resume: () => void,
    onError: (error: Error) => void,
  ) {
    this.#body = body;
    this.#input = new Readable({ read: resume });
    const streams = codings.map((name) => decoders[name]!());
    this.#output = streams.at(-1)!;
    pipeline([this.#input, ...streams], (error) => {
      if (error) onError(error);
    });
    this.#output.on("data", (chunk: Buffer) => {
      if (!body.push(chunk)) this.#output.pause();
    });
    this.#output.on("end", () => body.end());
  }

  /** Decodes bytes; false pauses until `resume` is called. */
  push(chunk: Buffer): boolean {
    this.#isEmpty = false;
    return this.#input.push(chunk);
  }

  /** Ends the body, since all encoded bytes have come. */
  end(): void {
    // An empty input is no valid stream of any coding, but it is an empty body.
    if (this.#isEmpty) this.#body.end();
    else this.#input.push(null);
  }

  /** Continues to write to the body. */
  resume(): void {
    this.#output.resume();
  }

  destroy(): void {
    this.#input.destroy();
  }
}
