import { Source, type Chunk } from "./source.ts";

/** The part of a reader that is used here. */
interface WebReader {
  read(): Promise<IteratorResult<Chunk, unknown>>;
  cancel(reason?: unknown): Promise<void>;
}

/** A WHATWG stream, of whichever implementation. */
export interface WebStream {
  getReader(): WebReader;
  cancel(reason?: unknown): Promise<void>;
}

/** A web stream, read by a reader: its iterator would cancel it only once a read under way is answered. */
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
    // A source that fails while it is being closed has nobody left to tell.
    (this.#reader ?? this.#stream).cancel(reason).catch(() => {});
  }
}

/** Whether a value is a web stream. */
export function isWebStream(value: object): value is WebStream {
  return "getReader" in value && typeof value.getReader === "function";
}
