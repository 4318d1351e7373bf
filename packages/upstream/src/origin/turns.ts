import { setImmediate } from "node:timers";

/**
 * Counts turns of the event loop from where one is marked, so that it can be told whether the loop has polled its
 * sockets meanwhile; one immediate a turn, however many mark it.
 *
 * A mark is made in an immediate, as that is where undici writes on a connection that has served; made elsewhere, or
 * late among the immediates of a turn, it may be over before the loop has polled.
 */
export class Turns {
  /** The number of the present turn. */
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
