import { clearTimeout, setTimeout } from "node:timers";

import { systemClock } from "@reissue/core";
import { maxTimerMs } from "@reissue/core/internal";

/** Calls back when a connection has been idle for a given time since the last `begin`. */
export class IdleWatch {
  readonly #timeoutMs: number;
  readonly #idle: () => boolean;
  readonly #expire: () => void;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | null = null;

  /** @param idle - Whether the connection is idle when the timeout expires; if not, the watch goes on. */
  constructor(timeoutMs: number, idle: () => boolean, expire: () => void) {
    this.#timeoutMs = timeoutMs;
    this.#idle = idle;
    this.#expire = expire;
  }

  /** Starts the watch: the connection is idle from now on. */
  begin(): void {
    if (this.#timeoutMs > maxTimerMs) return;
    this.#sinceMs = systemClock.now();
    if (this.#timer === null) this.#wait(this.#timeoutMs);
  }

  /** Stops the watch: the connection has closed. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  // One timer for each connection, set again when it fires: a timer for each request would cost more than the request.
  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => {
      const remainingMs = this.#sinceMs + this.#timeoutMs - systemClock.now();
      if (!this.#idle()) this.#wait(this.#timeoutMs);
      else if (remainingMs > 0) this.#wait(Math.ceil(remainingMs));
      else this.#expire();
    }, delayMs);
  }
}
