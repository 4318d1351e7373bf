/** A chunk as sources yield it. */
export type Chunk = Uint8Array | string;

/** What a body is read from, once: undici's streams and iterables under one face, which can be closed at any moment. */
export abstract class Source {
  /** The next chunk; asked for only when the one before has come. Rejects with the very error of the source. */
  abstract read(): Promise<IteratorResult<Chunk, unknown>>;
  /**
   * Tells the source that nobody will read on; a read under way may then stay unanswered.
   *
   * @param reason - Why, for a source that can be told.
   */
  abstract close(reason?: unknown): void;
}
