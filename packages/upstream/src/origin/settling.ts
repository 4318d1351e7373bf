import { setImmediate } from "node:timers";

import type { Connection } from "./connection.ts";

/**
 * Connections that came back in the present event loop turn, and must wait one turn before they carry a request that
 * cannot be resent: some servers close after a response without announcing it, and the end of the connection is read
 * one turn after the end of the response.
 */
export class Settling {
  readonly #connections: Connection[] = [];
  readonly #onSettled: () => void;

  /** @param onSettled - Serves the calls that wait for settled connections. */
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
