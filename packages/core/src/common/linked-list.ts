/** Item of a {@link LinkedList}; the links belong to the list, and are null outside one. */
export interface Linked<Item> {
  previous: Item | null;
  next: Item | null;
}

/**
 * Items in insertion order, any of which can be removed in constant time.
 *
 * The items have their own links; a Set would keep removed items alive. perf: docs/performance.md#sets
 */
export class LinkedList<Item extends Linked<Item>> {
  #first: Item | null = null;
  #last: Item | null = null;

  /** Oldest item; null for an empty list. */
  get first(): Item | null {
    return this.#first;
  }

  append(item: Item): void {
    item.previous = this.#last;
    if (this.#last === null) this.#first = item;
    else this.#last.next = item;
    this.#last = item;
  }

  /** Removes an item that is in this list. */
  remove(item: Item): void {
    const { previous, next } = item;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    item.previous = null;
    item.next = null;
  }
}
