/** Item of a {@link WaitQueue}; the place belongs to the queue, and is -1 outside one. */
export interface Queued {
  place: number;
}

/** Number of passed places at which they are cut off, so that cutting costs next to nothing for each item. */
const cutAfter = 1024;

/**
 * Queue whose items may also leave from the middle, both in constant time.
 *
 * Array with a head index, not a Set. perf: docs/performance.md#sets
 */
export class WaitQueue<Item extends Queued> {
  readonly #items: (Item | null)[] = [];
  /** Index of the first item that may still be there. */
  #head = 0;
  /** Number of places that have been cut off. */
  #cut = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Item that has waited longest; null for an empty queue. */
  get first(): Item | null {
    if (this.#size === 0) return null;
    while (this.#items[this.#head] === null) this.#head += 1;
    return this.#items[this.#head]!;
  }

  /** Item that has waited longest of those behind a place; null for none. */
  after(place: number): Item | null {
    let index = Math.max(place + 1 - this.#cut, this.#head);
    while (this.#items[index] === null) index += 1;
    return this.#items[index] ?? null;
  }

  join(item: Item): void {
    if (this.#size === 0) this.#head = this.#items.length;
    if (this.#head > cutAfter && this.#head * 2 > this.#items.length) this.#cutHead();
    item.place = this.#cut + this.#items.length;
    this.#items.push(item);
    this.#size += 1;
  }

  /** Removes an item from any place; does nothing if it is not in the queue. */
  leave(item: Item): void {
    if (item.place === -1) return;
    this.#items[item.place - this.#cut] = null;
    item.place = -1;
    this.#size -= 1;
  }

  #cutHead(): void {
    this.#items.splice(0, this.#head);
    this.#cut += this.#head;
    this.#head = 0;
  }
}
