import { setImmediate } from "node:timers";

/**
 * Counts event loop turns from a mark, to tell whether the loop has polled its sockets since; one immediate each turn,
 * however many marks.
 *
 * Mark in an immediate, where undici writes on a reused connection. Elsewhere, or late among the immediates of a turn,
 * the turn may end before the loop has polled.
 */
export class Turns {
  /** Number of the present turn. */
  count = 0;
  #isMarked = false;

  /** Marks the present turn, and returns its number. */
  mark(): number {
    if (!this.#isMarked) {
      this.#isMarked = true;
      setImmediate(() => {
        this.#isMarked = false;
        this.count += 1;
      });
    }
    return this.count;
  }
}
