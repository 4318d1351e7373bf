import { createRequire } from "node:module";

import type * as Client from "@reissue/upstream";
import type { Upstream, UpstreamOptions } from "@reissue/upstream";

/**
 * Opens an outbound client, as `createUpstream` of `@reissue/upstream` does, which is loaded at the first call.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function createUpstream(options?: UpstreamOptions): Upstream {
  const client = createRequire(import.meta.url)("@reissue/upstream") as typeof Client;
  return client.createUpstream(options);
}
