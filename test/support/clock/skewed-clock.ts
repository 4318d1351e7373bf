import { systemClock, type Clock, type TimerOptions } from "@reissue/core";

/** The real clock, which a test can put forward: its timers and the sockets stay in real time. */
export class SkewedClock implements Clock {
  #aheadMs = 0;

  /** Moves the time that is read ahead by `ms`, at once. */
  skip(ms: number): void {
    this.#aheadMs += ms;
  }

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  wallNow(): number {
    return systemClock.wallNow() + this.#aheadMs;
  }

  setTimeout(callback: () => void, delayMs: number, options?: TimerOptions): unknown {
    return systemClock.setTimeout(callback, delayMs, options);
  }

  clearTimeout(timer: unknown): void {
    systemClock.clearTimeout(timer);
  }

  random(): number {
    return 0;
  }
}
