import type { WriteCallback } from "../node-internals.ts";
import { blockBytes } from "./block-pool.ts";
import type { LogMemory } from "./log-memory.ts";

/** One write of a request: what it wrote, and whom to tell. */
export interface LoggedWrite {
  readonly encoding: BufferEncoding | null | undefined;
  chunks: readonly (string | Uint8Array)[];
  /** Null once it has been called, and where there is none. */
  callback: WriteCallback | null;
}

/**
 * Everything that a request has written on its socket, so that it can be written once more.
 *
 * What was not sent yet is kept as it was given, whatever its size: it belongs to the log until its callback is called.
 * Once it is sent its owner may change it, so that bytes are copied, up to a limit.
 */
export class RequestLog {
  readonly #memory: LogMemory;
  #writes: LoggedWrite[] = [];
  /** Writes from here on were not sent yet. */
  #sentCount = 0;
  #unsentBytes = 0;
  #keptBytes = 0;
  #blocks: Buffer[] = [];
  /** Free bytes in the last block. */
  #left = 0;
  #isWhole = true;
  #wasReplayed = false;

  constructor(memory: LogMemory) {
    this.#memory = memory;
  }

  /** Whether it holds all that was written. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** How much of it was not sent yet, in bytes. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  /**
   * Adds a write that is not sent yet.
   *
   * @returns null where the log is no longer whole, and keeps nothing.
   */
  add(
    data: string | Uint8Array,
    encoding: BufferEncoding | null | undefined,
    callback: WriteCallback | undefined,
  ): LoggedWrite | null {
    if (!this.#isWhole) return null;
    const write = { chunks: [data], encoding, callback: callback ?? null };
    this.#writes.push(write);
    this.#unsentBytes += data.length;
    return write;
  }

  /** Takes note that all writes so far are being sent: keeps them for as long as they are not too much. */
  seal(): void {
    for (; this.#sentCount < this.#writes.length; this.#sentCount += 1) {
      const write = this.#writes[this.#sentCount]!;
      const size = write.chunks[0]!.length;
      if (this.#keptBytes + size > this.#memory.maxBytes || !this.#memory.reserve(size)) {
        return this.drop();
      }
      this.#keptBytes += size;
      const data = write.chunks[0]!;
      if (typeof data !== "string" && data.length > 0) write.chunks = this.#copies(data);
    }
    this.#unsentBytes = 0;
  }

  /** The writes so far, for another socket. */
  replay(): readonly LoggedWrite[] {
    this.#wasReplayed = true;
    return this.#writes;
  }

  /** Forgets everything, and tells those that wait for their writes that these never left. */
  fail(error: Error): void {
    const waiting = this.#writes.filter((write) => write.callback !== null);
    this.drop();
    if (waiting.length === 0) return;
    // After the socket's own error has been told: to node:http a write that fails without one is a request that is sent.
    process.nextTick(() => process.nextTick(() => failWrites(waiting, error)));
  }

  /** Forgets everything; what comes later cannot be sent again. */
  drop(): void {
    if (!this.#isWhole) return;
    this.#isWhole = false;
    this.#memory.free(this.#keptBytes);
    this.#keptBytes = 0;
    this.#unsentBytes = 0;
    this.#writes = [];
    // A socket may still be reading what it was given of them.
    if (!this.#wasReplayed) for (const block of this.#blocks) this.#memory.blocks.giveBack(block);
    this.#blocks = [];
    this.#left = 0;
  }

  #copies(data: Uint8Array): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    for (let from = 0; from < data.length;) {
      if (this.#left === 0) {
        this.#blocks.push(this.#memory.blocks.take());
        this.#left = blockBytes;
      }
      const block = this.#blocks.at(-1)!;
      const start = blockBytes - this.#left;
      const size = Math.min(this.#left, data.length - from);
      block.set(data.subarray(from, from + size), start);
      chunks.push(block.subarray(start, start + size));
      this.#left -= size;
      from += size;
    }
    return chunks;
  }
}

function failWrites(writes: readonly LoggedWrite[], error: Error): void {
  for (const write of writes) {
    const { callback } = write;
    write.callback = null;
    callback?.(error);
  }
}
