import { clockOption } from "../../common/clock-option.ts";
import type { Clock } from "../../common/clock.ts";
import { numberOption, type OptionTable, type Resolved } from "../../common/option-table.ts";

/** Options of {@link memoryStore}. */
export interface MemoryStoreOptions {
  /**
   * Most keys that are remembered at a time. Beyond it the oldest completed ones are forgotten, from {@link
   * minRetentionMs} on.
   *
   * @defaultValue 100000
   */
  readonly maxEntries?: number | undefined;
  /**
   * Most memory of the records, in bytes: the responses, and 768 for each record. Records with short responses can make
   * the process grow by 1.5 times as much, including garbage.
   *
   * @defaultValue 268435456
   */
  readonly maxBytes?: number | undefined;
  /**
   * Time for which a completed key is remembered at least, in ms, even in a full store; new keys are refused if there
   * is no older one. With `retentionMs` or more, no key is forgotten early.
   *
   * @defaultValue 600000, ten minutes: longer than clients go on to try again by themselves
   */
  readonly minRetentionMs?: number | undefined;
  /** Clock; tests pass their own. */
  readonly clock?: Clock | undefined;
}

/** {@link MemoryStoreOptions}, resolved. */
export type MemoryStoreConfig = Resolved<MemoryStoreOptions>;

const count = { min: 1, integer: true };

/** Table of {@link MemoryStoreOptions}. */
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
  clock: clockOption,
};
