/** Something that was completed. It carries its own place in the order: a Set would have to hash and to grow. */
export interface Completable<Entry> {
  /** In ms of the clock; of no meaning before. */
  completedAtMs: number;
  older: Entry | null;
  newer: Entry | null;
}

/** Entries in the order of their completion, so that the oldest is found at once. */
export class CompletionOrder<Entry extends Completable<Entry>> {
  #oldest: Entry | null = null;
  #newest: Entry | null = null;

  get oldest(): Entry | null {
    return this.#oldest;
  }

  /** Adds one that was completed last. */
  add(entry: Entry, nowMs: number): void {
    entry.completedAtMs = nowMs;
    entry.older = this.#newest;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  remove(entry: Entry): void {
    const { older, newer } = entry;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    entry.older = null;
    entry.newer = null;
  }
}
