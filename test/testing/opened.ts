import { faultyUpstream, type FaultyUpstream, type FaultyUpstreamOptions } from "@reissue/testing";
import { onTestFinished } from "vitest";
import { Wire } from "./raw-client.ts";

/** A faulty upstream that is closed when the test is over. */
export async function opened(options: FaultyUpstreamOptions = {}): Promise<FaultyUpstream> {
  const upstream = await faultyUpstream(options);
  onTestFinished(() => upstream.close());
  return upstream;
}

/** A raw connection to it that is destroyed when the test is over. */
export async function wired(upstream: { readonly port: number }): Promise<Wire> {
  const wire = await Wire.open(upstream.port);
  onTestFinished(() => wire.destroy());
  return wire;
}
