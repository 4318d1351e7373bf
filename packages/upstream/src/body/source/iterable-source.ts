import { Source, type Chunk } from "./source.ts";

/** Source over a generator or any other iterable. */
export class IterableSource extends Source {
  readonly #iterable: AsyncIterable<Chunk> | Iterable<Chunk>;
  #iterator: AsyncIterator<Chunk> | Iterator<Chunk> | null = null;

  constructor(iterable: AsyncIterable<Chunk> | Iterable<Chunk>) {
    super();
    this.#iterable = iterable;
  }

  async read(): Promise<IteratorResult<Chunk, unknown>> {
    return this.#begun().next();
  }

  close(): void {
    // Nothing is left to report a failed close to.
    this.#return().catch(() => {});
  }

  async #return(): Promise<void> {
    await this.#begun().return?.();
  }

  #begun(): AsyncIterator<Chunk> | Iterator<Chunk> {
    const iterable = this.#iterable;
    this.#iterator ??=
      Symbol.asyncIterator in iterable
        ? iterable[Symbol.asyncIterator]()
        : iterable[Symbol.iterator]();
    return this.#iterator;
  }
}
