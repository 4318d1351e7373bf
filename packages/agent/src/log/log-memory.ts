import { BlockPool } from "./block-pool.ts";

/** What the logs of all requests of an agent share. */
export class LogMemory {
  /** The most that one request may log, in bytes. */
  readonly maxBytes: number;
  readonly blocks: BlockPool = new BlockPool();
  /** Bytes that all requests together may still log. */
  #left: number;

  constructor(maxBytes: number, maxTotalBytes: number) {
    this.maxBytes = maxBytes;
    this.#left = maxTotalBytes;
  }

  /** Takes `bytes` of what all requests may log together, if they are left. */
  reserve(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Gives `bytes` back. */
  free(bytes: number): void {
    this.#left += bytes;
  }
}
