import { createUpstream, type Upstream, type UpstreamOptions } from "@reissue/upstream";
import { onTestFinished } from "vitest";

/** A client that is destroyed when the test is over. */
export function client(options: UpstreamOptions = {}): Upstream {
  const upstream = createUpstream(options);
  onTestFinished(() => upstream.dispatcher.destroy());
  return upstream;
}

/** The same without waits between attempts, for tests of what is sent and not of when. */
export function impatient(options: UpstreamOptions = {}): Upstream {
  return client({ ...options, retry: { backOff: { baseMs: 0 }, ...options.retry } });
}
