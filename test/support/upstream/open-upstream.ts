import { createUpstream, type Upstream, type UpstreamOptions } from "@reissue/upstream";
import { onTestFinished } from "vitest";

/** An outbound client whose connections are gone when the test is over. */
export function outbound(options: UpstreamOptions = {}): Upstream {
  const upstream = createUpstream(options);
  onTestFinished(() => upstream.dispatcher.destroy());
  return upstream;
}
