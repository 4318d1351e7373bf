import { clearTimeout, setTimeout } from "node:timers";

import { systemClock } from "@reissue/core";

/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Notices when a connection has been idle for a given time; measured from the last `begin`. */
export class IdleWatch {
  readonly #timeoutMs: number;
  readonly #idle: () => boolean;
  readonly #expire: () => void;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param idle - whether the connection is idle when time is up; if not, the watch goes on. */
  constructor(timeoutMs: number, idle: () => boolean, expire: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#idle = idle;
    this.#expire = expire;
  }

  /** The connection is idle from now on. */
  begin(): void {
    if (this.#timeoutMs > MAX_TIMER_MS) return;
    this.#sinceMs = systemClock.now();
    if (this.#timer === null) this.#wait(this.#timeoutMs);
  }

  /** The connection is gone. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  // One timer a connection, set again when it fires: a timer a request would cost more than the request.
  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const left = this.#sinceMs + this.#timeoutMs - systemClock.now();
      if (!this.#idle()) this.#wait(this.#timeoutMs);
      else if (left > 0) this.#wait(Math.ceil(left));
      else this.#expire();
    }, delayMs);
  }
}
