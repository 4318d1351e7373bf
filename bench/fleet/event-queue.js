// @ts-check

/**
 * Something that happens at an instant of the simulation.
 *
 * @typedef {object} Event
 * @property {number} atMs
 * @property {number} order - Of two events at one instant the one that was planned first comes first.
 * @property {(() => void) | null} run - Null once it is cancelled.
 */

/** Events in the order of their time: a binary heap, and the only clock of a simulation. */
export class EventQueue {
  /** Present instant, in ms since the simulation began. */
  nowMs = 0;
  /** @type {Event[]} */
  #heap = [];
  #planned = 0;

  /**
   * Plans an event.
   *
   * @param {number} delayMs
   * @param {() => void} run
   */
  after(delayMs, run) {
    /** @type {Event} */
    const event = { atMs: this.nowMs + delayMs, order: this.#planned, run };
    this.#planned += 1;
    this.#raise(event);
    return event;
  }

  /** @param {Event} event */
  cancel(event) {
    event.run = null;
  }

  /**
   * Lets everything happen up to an instant.
   *
   * @param {number} untilMs
   * @returns {number} How many events there were.
   */
  run(untilMs) {
    let count = 0;
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= untilMs;) {
      this.#removeFirst();
      this.nowMs = next.atMs;
      if (next.run !== null) {
        count += 1;
        next.run();
      }
      next = this.#heap[0];
    }
    this.nowMs = untilMs;
    return count;
  }

  #raise(/** @type {Event} */ event) {
    const heap = this.#heap;
    let place = heap.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(event, heap[parent])) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = event;
  }

  #removeFirst() {
    const heap = this.#heap;
    const last = /** @type {Event} */ (heap.pop());
    const { length } = heap;
    if (length === 0) return;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      if (child + 1 < length && isBefore(heap[child + 1], heap[child])) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
  }
}

/**
 * @param {Event} one
 * @param {Event} other
 */
function isBefore(one, other) {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
