import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";

import { maxTimerMs } from "./option.ts";

/** A handle that a {@link Clock} gave out and takes back; opaque to everybody else. */
export type Timer = unknown;

/** How a {@link Clock} keeps a timer. */
export interface TimerOptions {
  /**
   * Whether the process may end before the timer has fired, as with `unref()` of Node's.
   *
   * @defaultValue false
   */
  readonly background?: boolean | undefined;
}

/**
 * Time, sleep and chance, as one value that tests replace.
 *
 * Nothing in Reissue reads the time, waits or draws a random number except through a clock.
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

// As they are when this is loaded: fake timers put others in the place of the globals, and of the method too, and a call
// over a real socket would wait for a time that stands still.
const now = performance.now.bind(performance);
const wallNow = Date.now;

/**
 * The real clock: `performance.now()`, Node's timers and `Math.random()`. Fake timers of a test framework do not reach
 * it; a test that wants to move the time passes a clock of its own.
 */
export const systemClock: Clock = {
  now,
  wallNow,
  // Node counts in whole milliseconds from the last one that has passed, and so fires up to two too early.
  setTimeout(callback, delayMs, { background = false } = {}) {
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs) + 1, maxTimerMs));
    return background ? timer.unref() : timer;
  },
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  random: () => Math.random(),
};
