import { Source, type Chunk } from "./source.ts";

/** Reader of a {@link WebStream}, as far as it is used here. */
interface WebReader {
  read(): Promise<IteratorResult<Chunk, unknown>>;
  cancel(reason?: unknown): Promise<void>;
}

/** WHATWG stream, of any implementation. */
export interface WebStream {
  getReader(): WebReader;
  cancel(reason?: unknown): Promise<void>;
}

/** Source over a web stream, read by a reader: an iterator would cancel the stream only after a pending read. */
export class WebSource extends Source {
  readonly #stream: WebStream;
  #reader: WebReader | null = null;

  constructor(stream: WebStream) {
    super();
    this.#stream = stream;
  }

  async read(): Promise<IteratorResult<Chunk, unknown>> {
    this.#reader ??= this.#stream.getReader();
    return this.#reader.read();
  }

  close(reason?: unknown): void {
    // Nothing is left to report a failed close to.
    (this.#reader ?? this.#stream).cancel(reason).catch(() => {});
  }
}

/** Whether a value is a web stream. */
export function isWebStream(value: object): value is WebStream {
  return "getReader" in value && typeof value.getReader === "function";
}
