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
