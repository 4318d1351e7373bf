/** Something that expires. */
export interface Expiring {
  /** In ms of the clock. */
  expiresAtMs: number;
}

/** How much time one bucket holds, in ms. */
const bucketMs = 1000;

/** Entries by when they expire, so that the expired ones are found without a look at the others. */
export class ExpiryBuckets<Entry extends Expiring> {
  readonly #buckets = new Map<number, Set<Entry>>();
  /** No bucket before this one holds anything. */
  #first = Infinity;

  add(entry: Entry): void {
    const number = bucketOf(entry.expiresAtMs);
    const bucket = this.#buckets.get(number);
    if (bucket === undefined) this.#buckets.set(number, new Set([entry]));
    else bucket.add(entry);
    this.#first = Math.min(this.#first, number);
  }

  remove(entry: Entry): void {
    const number = bucketOf(entry.expiresAtMs);
    const bucket = this.#buckets.get(number);
    bucket?.delete(entry);
    if (bucket?.size === 0) this.#buckets.delete(number);
  }

  move(entry: Entry, expiresAtMs: number): void {
    const stays = bucketOf(entry.expiresAtMs) === bucketOf(expiresAtMs);
    if (!stays) this.remove(entry);
    entry.expiresAtMs = expiresAtMs;
    if (!stays) this.add(entry);
  }

  /** Takes out every entry that has expired by then. */
  takeExpired(nowMs: number): Entry[] {
    const taken: Entry[] = [];
    // After a long pause there are fewer buckets than seconds.
    const last = bucketOf(nowMs);
    const due =
      last - this.#first > this.#buckets.size
        ? [...this.#buckets.keys()].filter((number) => number <= last)
        : Array.from({ length: Math.max(0, last - this.#first + 1) }, (_, at) => this.#first + at);
    for (const number of due) {
      for (const entry of this.#buckets.get(number) ?? []) {
        if (entry.expiresAtMs <= nowMs) taken.push(entry);
      }
    }
    for (const entry of taken) this.remove(entry);
    this.#first = this.#buckets.size === 0 ? Infinity : Math.max(this.#first, last);
    return taken;
  }
}

function bucketOf(atMs: number): number {
  return Math.floor(atMs / bucketMs);
}
