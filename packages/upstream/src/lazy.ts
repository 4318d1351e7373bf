import { createRequire } from "node:module";

import type * as Client from "./index.ts";
import type { UpstreamOptions } from "./config/options.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Opens an outbound client, as `createUpstream` of `@reissue/upstream` does, which is loaded at the first call: a process
 * that imports an adapter may never make one. perf: docs/performance.md#cold-starts
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function createUpstream(options?: UpstreamOptions): Upstream {
  const client = createRequire(import.meta.url)("@reissue/upstream") as typeof Client;
  return client.createUpstream(options);
}
