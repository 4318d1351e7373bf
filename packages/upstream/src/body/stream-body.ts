import type { Body } from "./body.ts";
import type { BodyMemory } from "./body-memory.ts";

/** A chunk as sources yield it. */
type Chunk = Uint8Array | string;

/** Whatever can be read chunk by chunk: a Node stream, a web stream, a generator. */
export type ChunkSource = AsyncIterable<Chunk> | Iterable<Chunk>;

/**
 * A body that can be read only once, recorded while it is being sent so that it can be sent again.
 *
 * While everything sent so far is recorded, it can be replayed whole. Over the cap the record is given up and the body
 * can never be sent again: a short or an empty replay would be worse than an error.
 */
export class StreamBody implements Body {
  readonly #source: ChunkSource;
  readonly #memory: BodyMemory;
  readonly #maxBytes: number;
  #iterator: AsyncIterator<Chunk> | Iterator<Chunk> | null = null;
  /** What was read and is still held, from chunk number `#dropped` on. */
  readonly #log: Chunk[] = [];
  #dropped = 0;
  #heldBytes = 0;
  #recording: boolean;
  #ended = false;
  #error: { readonly cause: unknown } | null = null;
  /** The one read under way, shared by whoever waits for the next chunk. */
  #pulling: Promise<void> | null = null;
  /** Which reader is the present attempt's; the ones before must not take chunks from it. */
  #reader = 0;

  /**
   * @param maxBytes - How much may be recorded; 0 for a request that is never resent once its body is touched.
   */
  constructor(source: ChunkSource, maxBytes: number, memory: BodyMemory) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#memory = memory;
    this.#recording = true;
  }

  get replayable(): boolean {
    return this.#recording && this.#error === null;
  }

  open(): AsyncGenerator<Chunk> {
    this.#reader += 1;
    return this.#read(this.#reader);
  }

  release(): void {
    this.#reader += 1;
    this.#giveUpRecord();
    this.#log.length = 0;
    if (this.#ended) return;
    this.#ended = true;
    this.#closeSource();
  }

  async *#read(reader: number): AsyncGenerator<Chunk> {
    let next = 0;
    while (reader === this.#reader) {
      const index = next - this.#dropped;
      const chunk = this.#log[index];
      if (chunk !== undefined) {
        next += 1;
        if (!this.#recording) {
          this.#log.splice(0, index + 1);
          this.#dropped += index + 1;
        }
        yield chunk;
      } else if (this.#error !== null) {
        throw this.#error.cause;
      } else if (this.#ended) {
        return;
      } else {
        await (this.#pulling ??= this.#pull());
      }
    }
  }

  async #pull(): Promise<void> {
    try {
      this.#iterator ??= iterate(this.#source);
      const result = await this.#iterator.next();
      if (result.done === true) this.#ended = true;
      else this.#record(result.value);
    } catch (cause) {
      this.#error = { cause };
      this.#ended = true;
    } finally {
      this.#pulling = null;
    }
  }

  #record(chunk: Chunk): void {
    this.#log.push(chunk);
    if (!this.#recording) return;
    const bytes = Buffer.byteLength(chunk);
    if (this.#heldBytes + bytes <= this.#maxBytes && this.#memory.reserve(bytes)) {
      this.#heldBytes += bytes;
    } else {
      this.#giveUpRecord();
    }
  }

  #giveUpRecord(): void {
    this.#recording = false;
    this.#memory.free(this.#heldBytes);
    this.#heldBytes = 0;
  }

  /** Destroys or cancels a source that nobody will read to its end, as undici does with a body it was given. */
  #closeSource(): void {
    const source = this.#source as { destroy?: unknown };
    if (typeof source.destroy === "function") {
      source.destroy();
      return;
    }
    const iterator = (this.#iterator ??= iterate(this.#source));
    // A source that fails while it is being closed has nobody left to tell.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function iterate(source: ChunkSource): AsyncIterator<Chunk> | Iterator<Chunk> {
  return Symbol.asyncIterator in source
    ? source[Symbol.asyncIterator]()
    : source[Symbol.iterator]();
}
