import { systemClock, type Clock } from "../../common/clock.ts";
import { OptionError } from "../../common/reissue-error.ts";
import {
  choiceOption,
  durationOption,
  numberOption,
  optionDefaults,
  readOptions,
  type OptionTable,
  type Resolved,
} from "../../common/option-table.ts";
import { checkNumber } from "../../common/option.ts";
import { claimCounts, type ClaimCounts } from "../../diagnostics/idempotency-event.ts";
import { StoreRetries } from "./store-retries.ts";
import type { IdempotencyStore } from "../store/store.ts";

/**
 * Guarantee of a key where it is unknown how far the work on it came, because its process died, or its handler failed
 * (5xx).
 *
 * - `at-least-once`: the next request runs, though the first may have done its work; after a crash, once the lease is
 *   over.
 * - `at-most-once`: no request with that key runs again; each gets a 409, "its outcome is unknown".
 */
export type Guarantee = "at-least-once" | "at-most-once";

/** Options of claims. */
export interface ClaimOptions {
  /** Store of the records. */
  readonly store: IdempotencyStore;
  /**
   * Guarantee of a key after a crash or a failure.
   *
   * @defaultValue "at-least-once"
   */
  readonly guarantee?: Guarantee | undefined;
  /**
   * Time for which a claim outlives its process, in ms; at least three times `storeTimeoutMs`. It is renewed while the
   * handler runs, so it need not be as long as the work.
   *
   * @defaultValue 30000
   */
  readonly leaseMs?: number | undefined;
  /**
   * Time for which a key is remembered after its response, in ms.
   *
   * @defaultValue 86400000, 24 hours, as Stripe does
   */
  readonly retentionMs?: number | undefined;
  /**
   * Longest time for which a handler may hold its key, in ms, also after its route's timeout; then the claim is no
   * longer renewed, and its signal aborts.
   *
   * @defaultValue 300000
   */
  readonly maxRunMs?: number | undefined;
  /**
   * Time for which a request waits for the response of another one with its key, in ms, before it gets a 409.
   *
   * @defaultValue 0
   */
  readonly waitMs?: number | undefined;
  /**
   * Longest time of one call of the store, in ms, before the store counts as unavailable.
   *
   * @defaultValue 2000
   */
  readonly storeTimeoutMs?: number | undefined;
}

/** {@link ClaimOptions}, resolved. */
export interface ClaimConfig extends Resolved<ClaimOptions> {
  readonly clock: Clock;
  /** Value of Retry-After, in seconds. */
  readonly retryAfterSeconds: number;
  /** Counts of the gate. */
  readonly counts: ClaimCounts;
  /** Repeats ends of claims that the store did not confirm. */
  readonly retries: StoreRetries;
}

/** Ten years, in ms: more than needed, and accepted by Redis and PostgreSQL. */
const maxRetentionMs = 10 * 365 * 24 * 3_600_000;

/** Table of {@link ClaimOptions}; without a store there are no claims. */
export const claimTable: OptionTable<Resolved<ClaimOptions, { store: IdempotencyStore | null }>> = {
  store: {
    default: null,
    check: checkStore,
    doc: "where the first responses are stored: `memoryStore()` of `@reissue/core`, `redisStore()`, `postgresStore()`",
    defaultDoc: "none",
  },
  guarantee: choiceOption<Guarantee>(
    "at-least-once",
    ["at-least-once", "at-most-once"],
    'what a key promises where its process dies or its handler fails: the next request runs, after a crash once the lease is over, or (`"at-most-once"`) none does, and each gets a 409',
  ),
  leaseMs: numberOption(
    30_000,
    { min: 3, max: 86_400_000 },
    "how long a claim outlives its process; renewed while the handler runs, also after `timeoutMs`",
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
    "how long a request waits for the response of another one with its key, before it gets a 409",
  ),
  storeTimeoutMs: numberOption(
    2000,
    { min: 1, max: 600_000 },
    "how long the store may take for one call before it counts as unavailable",
  ),
};

/**
 * Resolves {@link ClaimOptions}.
 *
 * @param path - Path of the options, such as `idempotency`.
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function claimConfig(
  options: ClaimOptions,
  path: string,
  surroundings: {
    readonly clock?: Clock | undefined;
    readonly retryAfterSeconds?: number;
    readonly counts?: ClaimCounts;
  } = {},
): ClaimConfig {
  const store = checkStore(options.store, `${path}.store`);
  const read = readOptions(claimTable, options, optionDefaults(claimTable), path);
  const { guarantee, leaseMs, retentionMs, storeTimeoutMs } = read;
  // A renewal that times out must leave time for another.
  checkNumber(leaseMs, `${path}.leaseMs`, 0, { min: 3 * storeTimeoutMs, max: 86_400_000 });
  checkNumber(retentionMs, `${path}.retentionMs`, 0, { min: leaseMs, max: maxRetentionMs });
  const { clock = systemClock, counts = claimCounts() } = surroundings;
  // With at-least-once, the lease frees a key by itself; with at-most-once, it makes the outcome unknown for the whole
  // retention.
  const holdsProcess = guarantee === "at-least-once";
  const windowMs = holdsProcess ? leaseMs : 10 * leaseMs;
  return {
    ...read,
    store,
    clock,
    retryAfterSeconds: surroundings.retryAfterSeconds ?? 1,
    counts,
    retries: new StoreRetries({ clock, counts, storeTimeoutMs, windowMs, holdsProcess }),
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
