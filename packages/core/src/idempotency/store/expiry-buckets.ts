/** Link in a ring of entries, which have their own links. perf: docs/performance.md#sets */
interface Linked {
  before: Linked | null;
  after: Linked | null;
}

/** Entry that expires. */
export interface Expiring extends Linked {
  /** In ms of the clock. */
  expiresAtMs: number;
}

/** Span of one bucket, in ms. */
const bucketMs = 1000;

/** Entries by expiry, so that expired ones are found without reading the others. */
export class ExpiryBuckets<Entry extends Expiring> {
  /** Ring of each bucket, by its number. */
  readonly #buckets = new Map<number, Linked>();
  /** Lowest number of a bucket with entries. */
  #first = Infinity;

  add(entry: Entry): void {
    const number = bucketOf(entry.expiresAtMs);
    let bucket = this.#buckets.get(number);
    if (bucket === undefined) this.#buckets.set(number, (bucket = ring()));
    insert(entry, bucket);
    this.#first = Math.min(this.#first, number);
  }

  remove(entry: Entry): void {
    const number = bucketOf(entry.expiresAtMs);
    takeOut(entry);
    const bucket = this.#buckets.get(number);
    if (bucket?.after === bucket) this.#buckets.delete(number);
  }

  move(entry: Entry, expiresAtMs: number): void {
    const stays = bucketOf(entry.expiresAtMs) === bucketOf(expiresAtMs);
    if (!stays) this.remove(entry);
    entry.expiresAtMs = expiresAtMs;
    if (!stays) this.add(entry);
  }

  /** Removes and returns every entry that has expired by then. */
  takeExpired(nowMs: number): Entry[] {
    const taken: Entry[] = [];
    // After a long pause there are fewer buckets than seconds.
    const last = bucketOf(nowMs);
    const due =
      last - this.#first > this.#buckets.size
        ? [...this.#buckets.keys()].filter((number) => number <= last)
        : Array.from({ length: Math.max(0, last - this.#first + 1) }, (_, at) => this.#first + at);
    for (const number of due) {
      const bucket = this.#buckets.get(number);
      if (bucket === undefined) continue;
      let at = bucket.after;
      while (at !== null && at !== bucket) {
        const entry = at as Entry;
        at = at.after;
        if (entry.expiresAtMs > nowMs) continue;
        takeOut(entry);
        taken.push(entry);
      }
      if (bucket.after === bucket) this.#buckets.delete(number);
    }
    this.#first = this.#buckets.size === 0 ? Infinity : Math.max(this.#first, last);
    return taken;
  }
}

function ring(): Linked {
  const ends: Linked = { before: null, after: null };
  ends.before = ends;
  ends.after = ends;
  return ends;
}

function insert(link: Linked, ends: Linked): void {
  const { before } = ends;
  link.before = before;
  link.after = ends;
  if (before !== null) before.after = link;
  ends.before = link;
}

function takeOut(link: Linked): void {
  const { before, after } = link;
  if (before !== null) before.after = after;
  if (after !== null) after.before = before;
  link.before = null;
  link.after = null;
}

function bucketOf(atMs: number): number {
  return Math.floor(atMs / bucketMs);
}
