import type { Clock, Timer } from "@reissue/core";
import { LinkedList, type Linked } from "@reissue/core/internal";

/** Entry of a {@link TimeoutQueue}. */
export interface Expiring extends Linked<Expiring> {
  /** In ms of the clock. */
  expiresAtMs: number;
  onExpire(): void;
}

/**
 * Timeouts of equal length, on a single timer.
 *
 * The entry that was added first expires first. perf: docs/performance.md#timers
 */
export class TimeoutQueue {
  readonly #clock: Clock;
  readonly durationMs: number;
  readonly #entries = new LinkedList<Expiring>();
  #timer: Timer | null = null;

  constructor(durationMs: number, clock: Clock) {
    this.durationMs = durationMs;
    this.#clock = clock;
  }

  add(entry: Expiring, nowMs: number): void {
    entry.expiresAtMs = nowMs + this.durationMs;
    this.#entries.append(entry);
    if (this.#timer === null) this.#start(this.durationMs);
  }

  remove(entry: Expiring): void {
    this.#entries.remove(entry);
    if (this.#entries.first !== null || this.#timer === null) return;
    // A pending timer would keep the process alive.
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    this.#timer = null;
    const nowMs = this.#clock.now();
    let { first } = this.#entries;
    while (first !== null && first.expiresAtMs <= nowMs) {
      this.remove(first);
      first.onExpire();
      ({ first } = this.#entries);
    }
    if (first !== null && this.#timer === null) this.#start(first.expiresAtMs - nowMs);
  }
}
