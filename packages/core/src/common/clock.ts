import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";

import { maxTimerMs } from "./option.ts";

/** Handle of a timer, opaque to everything but its {@link Clock}. */
export type Timer = unknown;

/** Options of a timer of a {@link Clock}. */
export interface TimerOptions {
  /**
   * Whether the process may end before the timer has fired, as with Node's `unref()`.
   *
   * @defaultValue false
   */
  readonly background?: boolean | undefined;
}

/**
 * Time, timers and random numbers, as one value that tests replace.
 *
 * Reissue reads the time, waits and draws random numbers through a clock only.
 */
export interface Clock {
  /** Milliseconds since an arbitrary fixed instant; never goes back (`performance.now()`). */
  now(): number;
  /** Milliseconds since the Unix epoch; only for HTTP dates, since it may jump. */
  wallNow(): number;
  /** Calls `callback` once, `delayMs` milliseconds from now at the earliest. */
  setTimeout(callback: () => void, delayMs: number, options?: TimerOptions): Timer;
  /** Cancels a timer; a timer that has fired or was cancelled is ignored. */
  clearTimeout(timer: Timer): void;
  /** A number in [0, 1). */
  random(): number;
}

// Saved when this module is loaded: fake timers replace the globals and their methods, and a call over a real socket
// would wait for a time that stands still.
const now = performance.now.bind(performance);
const wallNow = Date.now;

/**
 * System clock: `performance.now()`, Node's timers and `Math.random()`. Fake timers of a test framework do not affect
 * it; a test that controls the time passes its own clock.
 */
export const systemClock: Clock = {
  now,
  wallNow,
  // Node counts whole milliseconds from the last that has passed, and so fires up to two too early.
  setTimeout(callback, delayMs, { background = false } = {}) {
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs) + 1, maxTimerMs));
    return background ? timer.unref() : timer;
  },
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  random: () => Math.random(),
};
