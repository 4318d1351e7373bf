/** The size of a block, in bytes: that of the largest write that node:http makes of a stream (64 KiB). */
export const blockBytes = 65_536;

/** Blocks kept for the next request: 256 are the 16 MiB that all logs of an agent may hold together by default. */
const maxFree = 256;

/** Memory for copies of request bodies, used again: to allocate it for each took half of the throughput of large PUTs. */
export class BlockPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
  }

  /** Takes a block back that no socket refers to. */
  giveBack(block: Buffer): void {
    if (this.#free.length < maxFree) this.#free.push(block);
  }
}
