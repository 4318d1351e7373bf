import type { WriteCallback } from "../node-internals.ts";
import { blockBytes } from "./block-pool.ts";
import type { LogMemory } from "./log-memory.ts";

/** One write of a request: what it wrote, and whom to tell. */
export interface LoggedWrite {
  data: string | Uint8Array;
  readonly encoding: BufferEncoding | null | undefined;
  /** The log's own copy of bytes that were sent; null for text, and for what was not sent yet. */
  copies: readonly Uint8Array[] | null;
  /** Null once it has been called, and where there is none. */
  callback: WriteCallback | null;
  next: LoggedWrite | null;
}

/**
 * Everything that a request has written on its socket, so that it can be written once more.
 *
 * What was not sent yet is kept as it was given, whatever its size: it belongs to the log until its callback is called.
 * Once it is sent its owner may change it, so that bytes are copied, up to a limit.
 */
export class RequestLog {
  readonly #memory: LogMemory;
  #first: LoggedWrite | null = null;
  #last: LoggedWrite | null = null;
  /** The last that is sent. */
  #lastSent: LoggedWrite | null = null;
  /** How much of it was not sent yet, in bytes. */
  unsentBytes = 0;
  #keptBytes = 0;
  #blocks: Buffer[] | null = null;
  /** Free bytes in the last block. */
  #left = 0;
  /** Whether it holds all that was written. */
  isWhole = true;
  #wasReplayed = false;

  constructor(memory: LogMemory) {
    this.#memory = memory;
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
    if (!this.isWhole) return null;
    const write: LoggedWrite = {
      data,
      encoding,
      copies: null,
      callback: callback ?? null,
      next: null,
    };
    if (this.#last === null) this.#first = write;
    else this.#last.next = write;
    this.#last = write;
    this.unsentBytes += data.length;
    return write;
  }

  /** Copies a write that is not sent yet, whose owner may then be called back. */
  own(write: LoggedWrite): void {
    if (typeof write.data !== "string") write.data = Uint8Array.from(write.data);
  }

  /** Takes note that all writes so far are being sent: keeps them for as long as they are not too much. */
  seal(): void {
    const { maxBytes } = this.#memory;
    let write = this.#lastSent === null ? this.#first : this.#lastSent.next;
    for (; write !== null; write = write.next) {
      const { data } = write;
      const isRoom = this.#keptBytes + data.length <= maxBytes && this.#memory.reserve(data.length);
      if (!isRoom) return this.drop();
      this.#keptBytes += data.length;
      if (typeof data !== "string" && data.length > 0) write.copies = this.#copy(data);
    }
    this.#lastSent = this.#last;
    this.unsentBytes = 0;
  }

  /** The first of the writes so far, for another socket. */
  replay(): LoggedWrite | null {
    this.#wasReplayed = true;
    return this.#first;
  }

  /** Forgets everything, and tells those that wait for their writes that these never left. */
  fail(error: Error): void {
    const first = this.#first;
    this.drop();
    if (first === null) return;
    // After the socket's own error has been told: to node:http a write that fails without one is a request that is sent.
    process.nextTick(() => process.nextTick(() => failFrom(first, error)));
  }

  /** Forgets everything; what comes later cannot be sent again. */
  drop(): void {
    if (!this.isWhole) return;
    this.isWhole = false;
    if (this.#keptBytes > 0) this.#memory.free(this.#keptBytes);
    this.#keptBytes = 0;
    this.unsentBytes = 0;
    this.#first = null;
    this.#last = null;
    this.#lastSent = null;
    // A socket may still be reading what it was given of them.
    if (this.#blocks !== null && !this.#wasReplayed) {
      for (const block of this.#blocks) this.#memory.blocks.giveBack(block);
    }
    this.#blocks = null;
  }

  #copy(data: Uint8Array): Uint8Array[] {
    const blocks = (this.#blocks ??= []);
    const copies: Uint8Array[] = [];
    for (let from = 0; from < data.length;) {
      if (this.#left === 0) {
        blocks.push(this.#memory.blocks.take());
        this.#left = blockBytes;
      }
      const block = blocks.at(-1)!;
      const start = blockBytes - this.#left;
      const size = Math.min(this.#left, data.length - from);
      block.set(data.subarray(from, from + size), start);
      copies.push(block.subarray(start, start + size));
      this.#left -= size;
      from += size;
    }
    return copies;
  }
}

function failFrom(first: LoggedWrite, error: Error): void {
  for (let write: LoggedWrite | null = first; write !== null; write = write.next) {
    const { callback } = write;
    write.callback = null;
    callback?.(error);
  }
}
