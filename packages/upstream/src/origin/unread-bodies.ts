import type { Clock, Timer } from "@reissue/core";
import type { Bag, MisuseWarnings } from "@reissue/core/internal";

import type { Connection } from "./connection.ts";

/** How long a response has to stay unread, while calls wait, to be taken for a forgotten one, in ms. */
const forgottenMs = 1000;

/**
 * Looks for responses whose bodies nothing reads, where calls wait in line for the connections that these hold.
 *
 * Only waiting calls start a timer, one for all of them.
 */
export class UnreadBodies {
  readonly #origin: string;
  readonly #clock: Clock;
  readonly #warnings: MisuseWarnings;
  #timer: Timer | null = null;
  #hasWarned = false;

  constructor(origin: string, clock: Clock, warnings: MisuseWarnings) {
    this.#origin = origin;
    this.#clock = clock;
    this.#warnings = warnings;
  }

  /** Looks in a while, and again for as long as calls wait. */
  watch(connections: Pick<Bag<Connection>, "toArray">, waiters: { readonly size: number }): void {
    if (this.#timer !== null || this.#hasWarned) return;
    const look = (): void => {
      this.#timer = null;
      const latestMs = this.#clock.now() - forgottenMs;
      const unread = connections.toArray().filter(({ unreadSinceMs: sinceMs }) => {
        return sinceMs !== null && sinceMs <= latestMs;
      });
      if (unread.length > 0) this.#warn(unread.length, waiters.size);
      else this.watch(connections, waiters);
    };
    this.#timer = this.#clock.setTimeout(look, forgottenMs, { background: true });
  }

  /** Stops looking, since no call waits. */
  stop(): void {
    if (this.#timer === null) return;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #warn(unread: number, waiting: number): void {
    this.#hasWarned = true;
    const state = `${waiting} calls to ${this.#origin} wait for a connection, and ${unread} of its connections are held by responses that are left unread`;
    const remedy = "Read each body to its end, or cancel it: `await response.body?.cancel()`";
    this.#warnings.report("unreadBody", `${state}. ${remedy}.`, this.#origin);
  }
}
