import { createRequire } from "node:module";

import type * as Library from "undici";

type Undici = typeof Library;

let loaded: Undici | undefined;

/**
 * Loads undici at the first use, since a process that imports an adapter may never make a call, or not soon: it takes
 * longer than all of Reissue. perf: docs/performance.md#cold-starts
 */
export function undici(): Undici {
  loaded ??= createRequire(import.meta.url)("undici") as Undici;
  return loaded;
}

/** Whether the version of undici calls only the newer of its two handler interfaces, as undici 8 does. */
export function hasOnlyNewerInterface(): boolean {
  // Undici 8 has this class for callers of the older interface; undici 7 needs none.
  return "Dispatcher1Wrapper" in undici();
}
