import { maxTimerMs } from "./option.ts";

/** A handle that a {@link Clock} gave out and takes back; opaque to everybody else. */
export type Timer = unknown;

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
  setTimeout(callback: () => void, delayMs: number): Timer;
  /** Cancels a timer; a timer that has fired or was cancelled is ignored. */
  clearTimeout(timer: Timer): void;
  /** A number in [0, 1). */
  random(): number;
}

/** The real clock: `performance.now()`, Node's timers and `Math.random()`. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  // Node counts in whole milliseconds from the last one that has passed, and so fires up to two too early.
  setTimeout: (callback, delayMs) =>
    setTimeout(callback, Math.min(Math.ceil(delayMs) + 1, maxTimerMs)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  random: () => Math.random(),
};
