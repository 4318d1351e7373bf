import type { AdapterCase } from "./adapter-case.ts";
import { duplicateCases } from "./duplicate-cases.ts";
import { replayCases } from "./replay-cases.ts";
import { storeFaultCases } from "./store-fault-cases.ts";
import { unfinishedCases } from "./unfinished-cases.ts";

/**
 * Requirements of an adapter and a store for keyed requests, over real connections, as cases for any test runner.
 *
 * For adapters of your own, and for stores in use; the requirements of a store alone are in `storeConformance`. Each case
 * starts and closes its own services, and has its own keys, so that one store serves all of them.
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
