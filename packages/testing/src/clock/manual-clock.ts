import { setImmediate } from "node:timers";
import { numberOption } from "../option.ts";
import { seededRandom } from "./seeded-random.ts";

/** Options of {@link manualClock}. */
export interface ManualClockOptions {
  /** The first reading of `now`, in milliseconds. @defaultValue 0 */
  readonly nowMs?: number | undefined;
  /** The first reading of `wallNow`, in milliseconds since the Unix epoch. @defaultValue 2026-01-01T00:00:00Z */
  readonly wallNowMs?: number | undefined;
  /** Seed of `random`. @defaultValue 1 */
  readonly seed?: number | undefined;
}

/** A clock that only moves when a test advances it; has the shape of Reissue's `Clock`. */
export interface ManualClock {
  /** The time in milliseconds, moved only by {@link ManualClock.advance}. */
  now(): number;
  /** Milliseconds since the Unix epoch; moves together with `now`. */
  wallNow(): number;
  /** Calls `callback` once, `delayMs` from now; a delay below 0 counts as 0. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  /** A seeded random number in [0, 1). */
  random(): number;
  /** The number of pending timers. */
  readonly pending: number;
  /** Milliseconds from now to the next timer; null without one. */
  readonly nextMs: number | null;
  /**
   * Advances by `ms`: runs the timers that fall due, in order, including new ones, and lets promises settle before,
   * between and after.
   *
   * @throws RangeError for a negative time; Error after 100 000 timers, since they would never end; the exception of a
   * callback.
   */
  advance(ms: number): Promise<void>;
}

interface Entry {
  readonly dueMs: number;
  readonly callback: () => void;
}

const maxTimers = 100_000;

// A macrotask: all promise reactions that were ready run before it, however long the chain.
function settlePromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Creates a clock for tests: nothing sleeps, and the same seed gives the same random numbers.
 *
 * @example
 * ```ts
 * const clock = manualClock();
 * clock.setTimeout(() => console.log("fired"), 50);
 * await clock.advance(50);
 * ```
 */
export function manualClock(options: ManualClockOptions = {}): ManualClock {
  const any = { min: -Infinity, max: Infinity, fraction: true };
  const startMs = numberOption("options.nowMs", options.nowMs, { ...any, fallback: 0 });
  const wallMs = numberOption("options.wallNowMs", options.wallNowMs, {
    ...any,
    fallback: Date.UTC(2026, 0, 1),
  });
  const seed = numberOption("options.seed", options.seed, { ...any, fallback: 1 });
  let nowMs = startMs;
  // In the order of their creation, so that of two timers due at once the older is found first.
  const timers = new Set<Entry>();

  function next(): Entry | null {
    let first: Entry | null = null;
    for (const entry of timers) if (first === null || entry.dueMs < first.dueMs) first = entry;
    return first;
  }

  return {
    now: () => nowMs,
    wallNow: () => wallMs + (nowMs - startMs),
    setTimeout(callback, delayMs) {
      const entry: Entry = { dueMs: nowMs + Math.max(0, delayMs), callback };
      timers.add(entry);
      return entry;
    },
    clearTimeout(timer) {
      timers.delete(timer as Entry);
    },
    random: seededRandom(seed),
    get pending() {
      return timers.size;
    },
    get nextMs() {
      const entry = next();
      return entry === null ? null : entry.dueMs - nowMs;
    },
    async advance(ms) {
      if (!(ms >= 0)) throw new RangeError(`ms must be 0 or more, got ${ms}`);
      const untilMs = nowMs + ms;
      await settlePromises();
      for (let fired = 0; ; fired += 1) {
        const entry = next();
        if (entry === null || entry.dueMs > untilMs) break;
        if (fired === maxTimers)
          throw new Error(`more than ${maxTimers} timers fell due within ${ms} ms`);
        timers.delete(entry);
        nowMs = Math.max(nowMs, entry.dueMs);
        entry.callback();
        await settlePromises();
      }
      nowMs = untilMs;
    },
  };
}
