/** Chunk that a source yields. */
export type Chunk = Uint8Array | string;

/** Body that is read once: undici's streams and iterables under one interface, which can be closed at any time. */
export abstract class Source {
  /** Reads the next chunk; called only after the previous read has ended. Rejects with the source's own error. */
  abstract read(): Promise<IteratorResult<Chunk, unknown>>;
  /**
   * Closes the source; a pending read may then stay pending.
   *
   * @param reason - Passed on to sources that take a reason.
   */
  abstract close(reason?: unknown): void;
}
