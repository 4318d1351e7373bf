import { pipeline, Readable, type Duplex } from "node:stream";
import * as zlib from "node:zlib";

import { InflateStream } from "./inflate-stream.ts";
import type { ResponseBody } from "./response-body.ts";

/** How many codings one response may have been through; curl's limit, against chains that are made to be dear. */
const maxCodings = 5;

/** Forgiving as curl and browsers are: what has come is given at once, and a missing end is no error. */
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

/** Zstandard, where Node has it: from 22.15 and 23.8 on. */
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
 * @returns the codings to undo, the last one first; none where one is unknown, as fetch gives such a body as it came.
 * @throws Error when there are more than five.
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

/** Undoes the codings of a response on its way to its body. */
export class ContentDecoder {
  readonly #body: ResponseBody;
  readonly #input: Readable;
  readonly #output: Duplex;
  #isEmpty = true;

  /**
   * @param resume - Called when it takes more, after {@link push} has returned false.
   * @param onError - Called when the bytes are not what the codings say.
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

  /** Takes coded bytes; false asks for no more until `resume` is called. */
  push(chunk: Buffer): boolean {
    this.#isEmpty = false;
    return this.#input.push(chunk);
  }

  /** Takes note that all coded bytes have come. */
  end(): void {
    // Nothing at all is no valid stream of any coding, and an empty body all the same.
    if (this.#isEmpty) this.#body.end();
    else this.#input.push(null);
  }

  /** Goes on giving to the body. */
  resume(): void {
    this.#output.resume();
  }

  destroy(): void {
    this.#input.destroy();
  }
}
