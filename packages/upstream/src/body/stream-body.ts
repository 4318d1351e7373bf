import { AsyncResource } from "node:async_hooks";

import type { Body } from "./body.ts";
import type { BodyMemory } from "./body-memory.ts";
import { CopiedBytes } from "./copied-bytes.ts";
import { isLarge, slices } from "./slices.ts";
import type { Chunk, Source } from "./source/source.ts";

/**
 * Body that can be read only once, recorded while it is sent so that it can be sent again.
 *
 * While everything sent so far is recorded, the body can be replayed. Once a chunk exceeds the limit, the record is
 * dropped and the body can never be sent again: a short or an empty replay would be worse than an error.
 */
export class StreamBody implements Body {
  /** A stream does not declare its type. */
  readonly contentType = null;
  readonly contentLength = null;
  readonly #source: Source;
  /** Context of the call, which may end in an event of another call. */
  readonly #context = new AsyncResource("reissue.body");
  readonly #memory: BodyMemory;
  readonly #maxBytes: number;
  readonly #record: Chunk[] = [];
  #recordedBytes = 0;
  /** Chunk that did not fit into the record, until an attempt takes it. */
  #unrecorded: Chunk | null = null;
  /** Whether a chunk was taken that is not in the record. */
  #incomplete = false;
  #ended = false;
  #error: { readonly cause: unknown } | null = null;
  #reading = false;
  /** Number of the present attempt's reader; earlier readers must not take chunks from it. */
  #reader = 0;
  /** Wakes the reader that waits for the source. */
  #wake: (() => void) | null = null;

  /**
   * @param maxBytes - Limit of the record, in bytes; 0 for a request that is never resent once its body has been read.
   */
  constructor(source: Source, maxBytes: number, memory: BodyMemory) {
    this.#source = source;
    this.#maxBytes = maxBytes;
    this.#memory = memory;
  }

  get replayable(): boolean {
    return !this.#incomplete && this.#error === null;
  }

  /** Reads the body from its start; earlier readers get no more. */
  open(): AsyncGenerator<Chunk> {
    this.stop();
    return this.#read(this.#reader);
  }

  send(): AsyncGenerator<Chunk> {
    return this.#unbroken(this.open(), this.#reader);
  }

  failedWith(error: unknown): boolean {
    return this.#error !== null && this.#error.cause === error;
  }

  stop(): void {
    this.#reader += 1;
    this.#wakeReader();
  }

  release(): void {
    this.stop();
    this.#giveUpRecord();
    this.#unrecorded = null;
    if (this.#ended) return;
    this.#ended = true;
    this.#context.runInAsyncScope(() => this.#source.close());
  }

  async *#read(reader: number): AsyncGenerator<Chunk> {
    if (reader === this.#reader && this.#incomplete) {
      throw new Error("the body can no longer be given whole");
    }
    let next = 0;
    while (reader === this.#reader) {
      const chunk = this.#record[next];
      if (chunk !== undefined) {
        next += 1;
        yield chunk;
      } else if (this.#unrecorded !== null) {
        const passing = this.#unrecorded;
        this.#unrecorded = null;
        this.#giveUpRecord();
        yield passing;
      } else if (this.#error !== null) {
        throw this.#error.cause;
      } else if (this.#ended) {
        return;
      } else {
        await this.#news();
      }
    }
  }

  /** Undici writes the last chunk of a body wherever that ends, so one that is cut short must not end but fail. */
  async *#unbroken(chunks: AsyncGenerator<Chunk>, reader: number): AsyncGenerator<Chunk> {
    for await (const chunk of chunks) {
      if (!isLarge(chunk)) {
        yield chunk;
        continue;
      }
      for (const slice of slices(chunk)) {
        if (reader === this.#reader) yield slice;
      }
    }
    if (reader !== this.#reader) throw new Error("the body is not sent on in this attempt");
  }

  #news(): Promise<void> {
    if (!this.#reading) void this.#readSource();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = null;
  }

  async #readSource(): Promise<void> {
    this.#reading = true;
    try {
      const result = await this.#source.read();
      if (result.done === true) this.#ended = true;
      else if (!this.#ended) this.#take(result.value);
    } catch (error) {
      this.#ended = true;
      this.#error = { cause: error };
      // Undici treats a falsy error as none, and would wait for ever.
      if (!error) this.#error = { cause: new Error("the source of the body failed") };
    }
    this.#reading = false;
    this.#wakeReader();
  }

  #take(chunk: Chunk): void {
    const bytes = Buffer.byteLength(chunk);
    const fits = !this.#incomplete && this.#recordedBytes + bytes <= this.#maxBytes;
    if (fits && this.#memory.reserve(bytes)) {
      this.#recordedBytes += bytes;
      // A source may reuse its buffer for the next chunk.
      this.#record.push(ArrayBuffer.isView(chunk) ? new CopiedBytes(chunk).bytes : chunk);
    } else {
      this.#unrecorded = chunk;
    }
  }

  #giveUpRecord(): void {
    this.#incomplete = true;
    this.#record.length = 0;
    this.#memory.free(this.#recordedBytes);
    this.#recordedBytes = 0;
  }
}
