import type { AdapterCase } from "./adapter-case.ts";
import { duplicateCases } from "./duplicate-cases.ts";
import { replayCases } from "./replay-cases.ts";
import { storeFaultCases } from "./store-fault-cases.ts";
import { unfinishedCases } from "./unfinished-cases.ts";

/**
 * What keyed requests get from an adapter and a store of anybody's, over real connections, as cases for whichever test
 * runner.
 *
 * They hold an adapter of your own to what the others do, and show a store at its work; what a store has to do by itself
 * is in `storeConformance`. Each starts and closes services of its own, and has keys of its own, so one store serves them
 * all.
 *
 * @example
 * ```js
 * for (const { name, run } of deduplicationConformance) test(name, () => run({ store, start }));
 * ```
 */
export const deduplicationConformance: readonly AdapterCase[] = [
  ...duplicateCases,
  ...replayCases,
  ...unfinishedCases,
  ...storeFaultCases,
];
