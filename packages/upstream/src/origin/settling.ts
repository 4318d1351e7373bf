import { setImmediate } from "node:timers";

import type { Connection } from "./connection.ts";

/**
 * The connections that came back in the present turn of the event loop, which is let go round once before any of them
 * carries a request that cannot be resent: some servers close after a response without announcing it, and the end of
 * the connection is read a turn after the end of the response.
 */
export class Settling {
  readonly #connections: Connection[] = [];
  readonly #onSettled: () => void;

  /** @param onSettled - What gives them out, when there are any that have settled. */
  constructor(onSettled: () => void) {
    this.#onSettled = onSettled;
  }

  get empty(): boolean {
    return this.#connections.length === 0;
  }

  add(connection: Connection): void {
    connection.settled = false;
    this.#connections.push(connection);
    if (this.#connections.length > 1) return;
    setImmediate(() => {
      for (const each of this.#connections) each.settled = true;
      this.#connections.length = 0;
      this.#onSettled();
    });
  }
}
