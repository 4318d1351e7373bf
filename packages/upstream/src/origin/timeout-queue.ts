import type { Clock, Timer } from "@reissue/core";

/** Somebody whose time may run out; the links belong to the queue. */
export interface Expiring {
  expiresAtMs: number;
  before: Expiring | null;
  after: Expiring | null;
  onExpire(): void;
}

/**
 * Timeouts of one length, on a single timer.
 *
 * Since all are equally long, whoever came first runs out first. Making and dropping a Node timer for every request was
 * a fifth of what Reissue itself spent on one.
 */
export class TimeoutQueue {
  readonly #clock: Clock;
  readonly durationMs: number;
  #first: Expiring | null = null;
  #last: Expiring | null = null;
  #timer: Timer | null = null;

  constructor(durationMs: number, clock: Clock) {
    this.durationMs = durationMs;
    this.#clock = clock;
  }

  add(entry: Expiring, nowMs: number): void {
    entry.expiresAtMs = nowMs + this.durationMs;
    entry.before = this.#last;
    if (this.#last === null) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    if (this.#timer === null) this.#start(this.durationMs);
  }

  remove(entry: Expiring): void {
    const { before, after } = entry;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    entry.before = null;
    entry.after = null;
    if (this.#first !== null || this.#timer === null) return;
    // A timer left behind would keep the process alive.
    this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #start(delayMs: number): void {
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), delayMs);
  }

  #onTimer(): void {
    this.#timer = null;
    const nowMs = this.#clock.now();
    while (this.#first !== null && this.#first.expiresAtMs <= nowMs) {
      const entry = this.#first;
      this.remove(entry);
      entry.onExpire();
    }
    if (this.#first !== null && this.#timer === null) {
      this.#start(this.#first.expiresAtMs - nowMs);
    }
  }
}
