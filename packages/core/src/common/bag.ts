/** Item of a {@link Bag}; the index belongs to the bag, and is -1 outside one. */
export interface Bagged {
  bagIndex: number;
}

/**
 * Unordered items that know their own index.
 *
 * Not a Set, since requests pass through. perf: docs/performance.md#sets
 */
export class Bag<Item extends Bagged> {
  readonly #items: Item[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    item.bagIndex = this.#items.length;
    this.#items.push(item);
  }

  has(item: Item): boolean {
    const { bagIndex } = item;
    // V8 looks up an index of -1 as the name of a property, and slowly.
    return bagIndex !== -1 && this.#items[bagIndex] === item;
  }

  /** Removes an item; false if it was not in this bag, though it may be in another. */
  delete(item: Item): boolean {
    if (!this.has(item)) return false;
    const { bagIndex } = item;
    item.bagIndex = -1;
    const last = this.#items.pop()!;
    if (last !== item) {
      last.bagIndex = bagIndex;
      this.#items[bagIndex] = last;
    }
    return true;
  }

  /** Removes all items, and returns them. */
  empty(): Item[] {
    const items = this.#items.splice(0);
    for (const item of items) item.bagIndex = -1;
    return items;
  }

  /** Copies the items, so that items may be removed while the copy is iterated. */
  toArray(): Item[] {
    return [...this.#items];
  }
}
