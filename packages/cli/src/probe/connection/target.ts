import type { Clock } from "@reissue/core";

/** The server that is measured, and how requests to it look. */
export interface Target {
  readonly url: URL;
  readonly method: string;
  /** Path and query of each request. */
  readonly path: string;
  /** Longest wait for a connection, and for a response, in ms. */
  readonly timeoutMs: number;
  /** Certificates that are trusted beside the system's, in PEM; undefined for none. */
  readonly ca?: string | undefined;
  /** Whether a certificate is accepted that cannot be verified. */
  readonly insecure: boolean;
  readonly clock: Clock;
}

/** Host of a URL as sockets take it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}

/** Port of a URL. */
export function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}
