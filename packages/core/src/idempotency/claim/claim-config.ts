import { systemClock, type Clock } from "../../common/clock.ts";
import { OptionError } from "../../common/reissue-error.ts";
import {
  choiceOption,
  durationOption,
  numberOption,
  optionDefaults,
  readOptions,
  type OptionTable,
} from "../../common/option-table.ts";
import { checkNumber } from "../../common/option.ts";
import { StoreRetries } from "./store-retries.ts";
import type { IdempotencyStore } from "../store/store.ts";

/**
 * What a key promises where nobody knows how far the work on it came: its process died, or its handler failed (5xx).
 *
 * - `at-least-once`: the next request runs, though the first may have done its work; after a crash, once the lease has run
 *   out.
 * - `at-most-once`: no request with that key runs again; they are answered 409, "its outcome is unknown".
 */
export type Guarantee = "at-least-once" | "at-most-once";

/** How keys are claimed. */
export interface ClaimOptions {
  /** Where the records are. */
  readonly store: IdempotencyStore;
  /**
   * What a key promises after a crash or a failure.
   *
   * @defaultValue "at-least-once"
   */
  readonly guarantee?: Guarantee | undefined;
  /**
   * How long a claim outlives its process, in ms; three times `storeTimeoutMs` at least. It is renewed while the handler
   * runs, so it needs not be as long as the work.
   *
   * @defaultValue 30000
   */
  readonly leaseMs?: number | undefined;
  /**
   * How long a key is remembered after its answer, in ms.
   *
   * @defaultValue 86400000, 24 hours, as Stripe does
   */
  readonly retentionMs?: number | undefined;
  /**
   * How long a handler may hold its key, in ms, also after its route's time is over; then the claim is no longer renewed,
   * and its signal aborts.
   *
   * @defaultValue 300000
   */
  readonly maxRunMs?: number | undefined;
  /**
   * How long a request waits for another one with its key to be answered, in ms, before it is answered 409.
   *
   * @defaultValue 0
   */
  readonly waitMs?: number | undefined;
  /**
   * How long the store may take for one call, in ms, before it counts as unavailable.
   *
   * @defaultValue 2000
   */
  readonly storeTimeoutMs?: number | undefined;
}

/** {@link ClaimOptions}, resolved. */
export interface ClaimConfig extends ClaimSettings {
  readonly store: IdempotencyStore;
  readonly clock: Clock;
  /** What Retry-After says, in seconds. */
  readonly retryAfterSeconds: number;
  /** Repeats what the store did not confirm at the end of a claim. */
  readonly retries: StoreRetries;
}

/** Ten years, in ms: what no one means to go beyond, and what Redis and PostgreSQL take. */
const maxRetentionMs = 10 * 365 * 24 * 3_600_000;

/** What is said of claims, beside the store itself. */
interface ClaimSettings {
  readonly guarantee: Guarantee;
  readonly leaseMs: number;
  readonly retentionMs: number;
  readonly maxRunMs: number;
  readonly waitMs: number;
  readonly storeTimeoutMs: number;
}

/** The options of {@link ClaimOptions}. */
export const claimTable: OptionTable<ClaimSettings & { store: IdempotencyStore | null }> = {
  store: {
    default: null,
    check: checkStore,
    doc: "where the first answers are kept: `memoryStore()` of `@reissue/core`, `redisStore()`, `postgresStore()`",
    defaultDoc: "none",
  },
  guarantee: choiceOption<Guarantee>(
    "at-least-once",
    ["at-least-once", "at-most-once"],
    'what a key promises where its process dies or its handler fails: the next request runs, after a crash once the lease is over, or (`"at-most-once"`) none does, and they are answered 409',
  ),
  leaseMs: numberOption(
    30_000,
    { min: 3, max: 86_400_000 },
    "how long a claim outlives its process; renewed while the handler runs, also after `timeoutMs` is over",
  ),
  retentionMs: numberOption(
    86_400_000,
    { min: 3, max: maxRetentionMs },
    "how long a key is remembered",
  ),
  maxRunMs: durationOption(
    300_000,
    "how long a handler may hold its key; then `claimOf(request).signal` is aborted, and a lease later the next request may run",
  ),
  waitMs: durationOption(
    0,
    "how long a request waits for the answer to another one with its key, before it is answered 409",
  ),
  storeTimeoutMs: numberOption(
    2000,
    { min: 1, max: 600_000 },
    "how long the store may take for one call before it counts as unavailable",
  ),
};

/**
 * Reads how keys are claimed.
 *
 * @param path - Where the options stand, such as `idempotency`.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function claimConfig(
  options: ClaimOptions,
  path: string,
  surroundings: { readonly clock?: Clock | undefined; readonly retryAfterSeconds?: number } = {},
): ClaimConfig {
  const store = checkStore(options.store, `${path}.store`);
  const read = readOptions(claimTable, options, optionDefaults(claimTable), path);
  const { guarantee, leaseMs, retentionMs, storeTimeoutMs } = read;
  // A renewal that times out must leave time for another one.
  checkNumber(leaseMs, `${path}.leaseMs`, 0, { min: 3 * storeTimeoutMs, max: 86_400_000 });
  checkNumber(retentionMs, `${path}.retentionMs`, 0, { min: leaseMs, max: maxRetentionMs });
  const clock = surroundings.clock ?? systemClock;
  // At least once, the lease frees a key by itself; at most once, it makes its outcome unknown for as long as it is kept.
  const holdsProcess = guarantee === "at-least-once";
  const windowMs = holdsProcess ? leaseMs : 10 * leaseMs;
  return {
    ...read,
    store,
    clock,
    retryAfterSeconds: surroundings.retryAfterSeconds ?? 1,
    retries: new StoreRetries({ clock, storeTimeoutMs, windowMs, holdsProcess }),
  };
}

function checkStore(store: unknown, path: string): IdempotencyStore {
  const isObject = typeof store === "object" && store !== null;
  for (const method of ["claim", "renew", "complete", "release"]) {
    if (isObject && typeof (store as Record<string, unknown>)[method] === "function") continue;
    throw new OptionError(path, `must be an idempotency store, with a ${method} method`);
  }
  return store as IdempotencyStore;
}
