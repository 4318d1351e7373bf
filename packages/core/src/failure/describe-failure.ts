import type { Delivery, Failure, FailureKind, Phase } from "./failure.ts";

const events: Record<FailureKind, string> = {
  dns: "host name not resolved",
  refused: "connection refused",
  unroutable: "no route to the host",
  local: "no socket available on this machine",
  certificate: "certificate rejected",
  tls: "TLS handshake failed",
  reset: "connection reset",
  incomplete: "response cut off",
  timeout: "timed out",
  protocol: "response is not valid HTTP",
  "refused-stream": "HTTP/2 stream refused",
  pool: "no connection available",
  aborted: "call aborted",
  unknown: "call failed",
};

const timeouts: Partial<Record<Phase, string>> = {
  dns: "host name not resolved in time",
  connect: "connection not established in time",
  tls: "TLS handshake not finished in time",
  pool: "no connection became free in time",
  "response-headers": "no response in time",
  "response-body": "response fell silent",
};

const fates: Record<Delivery, string> = {
  unsent: "it was not sent",
  stale: "it was most likely not processed",
  unknown: "it may have been processed",
  delivered: "its response had begun",
};

/**
 * Describes a failure in one line for logs: what happened, what is known of the request's fate, and the code that
 * decided, such as `connection reset, it may have been processed (ECONNRESET)`.
 */
export function describeFailure({ kind, phase, delivery, code }: Failure): string {
  const event = (kind === "timeout" ? timeouts[phase] : undefined) ?? events[kind];
  return `${event}, ${fates[delivery]}${code === null ? "" : ` (${code})`}`;
}
