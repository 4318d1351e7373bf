import type { OriginStats } from "@reissue/core";

/** Snapshot of a client. */
export interface UpstreamStats {
  /** Origins that have been called, by URL origin such as `http://orders:3000`. */
  readonly origins: Readonly<Record<string, OriginStats>>;
}
