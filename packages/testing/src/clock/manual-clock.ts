import { setImmediate } from "node:timers";
import { numberOption } from "../option.ts";
import { seededRandom } from "./seeded-random.ts";

/** What a {@link ManualClock} starts from. */
export interface ManualClockOptions {
  /** The first reading of `now`, in milliseconds. @defaultValue 0 */
  readonly nowMs?: number | undefined;
  /** The first reading of `wallNow`, in milliseconds since the Unix epoch. @defaultValue 2026-01-01T00:00:00Z */
  readonly wallNowMs?: number | undefined;
  /** Seed of `random`. @defaultValue 1 */
  readonly seed?: number | undefined;
}

/** A clock that stands still until it is told to go on; fits Reissue's `Clock` by shape. */
export interface ManualClock {
  /** Milliseconds, moved by {@link ManualClock.advance} only. */
  now(): number;
  /** Milliseconds since the Unix epoch; moves along with `now`. */
  wallNow(): number;
  /** Calls `callback` once, `delayMs` from now; a delay below 0 counts as 0. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Seeded, in [0, 1). */
  random(): number;
  /** Live timers. */
  readonly pending: number;
  /** Milliseconds from now to the next timer; null without one. */
  readonly nextMs: number | null;
  /**
   * Goes on by `ms`: runs what falls due, in order, timers set meanwhile included, and lets promises settle before,
   * between and after.
   *
   * @throws RangeError on a negative time; Error after 100 000 timers, since they would never end. What a callback
   * throws passes through.
   */
  advance(ms: number): Promise<void>;
}

interface Entry {
  readonly dueMs: number;
  readonly callback: () => void;
}

const MAX_FIRED = 100_000;

// A macrotask: by then every promise reaction that was ready has run, however long the chain.
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A test clock: nothing sleeps, and the same seed gives the same chance.
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
  // In the order of setting, so that of two timers due at once the older is found first.
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
      await settled();
      for (let fired = 0; ; fired++) {
        const entry = next();
        if (entry === null || entry.dueMs > untilMs) break;
        if (fired === MAX_FIRED)
          throw new Error(`more than ${MAX_FIRED} timers fell due within ${ms} ms`);
        timers.delete(entry);
        nowMs = Math.max(nowMs, entry.dueMs);
        entry.callback();
        await settled();
      }
      nowMs = untilMs;
    },
  };
}
