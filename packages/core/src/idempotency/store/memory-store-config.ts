import { systemClock, type Clock } from "../../common/clock.ts";
import { numberOption, type OptionTable } from "../../common/option-table.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * The most keys that are remembered at a time. Beyond it the oldest completed ones are forgotten, from
   * {@link minRetentionMs} on.
   *
   * @defaultValue 100000
   */
  readonly maxEntries?: number | undefined;
  /**
   * The most memory that the records may take, in bytes: the answers, and 768 for each record. Records with short
   * answers can make the process grow by 1.5 times as much, since garbage comes on top.
   *
   * @defaultValue 268435456
   */
  readonly maxBytes?: number | undefined;
  /**
   * How long a completed key is remembered at least, in ms, however full the store is; new keys are refused where it
   * holds no older one. As long as `retentionMs` or longer: nothing is forgotten before its time.
   *
   * @defaultValue 600000, ten minutes: longer than clients go on to try again by themselves
   */
  readonly minRetentionMs?: number | undefined;
  /** Time; tests put their own here. */
  readonly clock?: Clock | undefined;
}

/** {@link MemoryStoreOptions}, resolved. */
export interface MemoryStoreConfig {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly minRetentionMs: number;
  readonly clock: Clock;
}

const count = { min: 1, integer: true };

/** The options of {@link memoryStore}. */
export const memoryStoreTable: OptionTable<MemoryStoreConfig> = {
  maxEntries: numberOption(100_000, count, "the most keys that are remembered at a time"),
  maxBytes: numberOption(
    268_435_456,
    count,
    "the most memory that the records may take, in bytes: the responses, and 768 for each record",
  ),
  minRetentionMs: numberOption(
    600_000,
    { min: 0 },
    "how long a completed key is remembered at least, however full the store is",
  ),
  clock: {
    default: systemClock,
    check: (value) => value as Clock,
    doc: "time, for tests",
    defaultDoc: "the system's",
  },
};
