import { read, readString, type ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/** gRPC status: number, name, start of its details (empty: any), row. */
type Status = readonly [number: number, name: string, details: string, spec: FailureSpec];

/** Statuses that @grpc/grpc-js itself creates when a call fails; the first match decides. */
const statuses: readonly Status[] = [
  [1, "CANCELLED", "Cancelled on client", failureSpecs.aborted],
  [4, "DEADLINE_EXCEEDED", "", failureSpecs.responseTimeout],
  [14, "UNAVAILABLE", "No connection established", failureSpecs.refused],
  [14, "UNAVAILABLE", "round_robin: No connection established", failureSpecs.refused],
  [14, "UNAVAILABLE", "weighted_round_robin: No connection established", failureSpecs.refused],
  [14, "UNAVAILABLE", "Name resolution failed", failureSpecs.resolver],
  [14, "UNAVAILABLE", "Channel closed before call started", failureSpecs.noConnection],
  [14, "UNAVAILABLE", "Subchannel not ready", failureSpecs.noConnection],
  [14, "UNAVAILABLE", "Stream refused by server", failureSpecs.refusedStream],
  // "Connection dropped", and a server's own UNAVAILABLE: a response, but one that may follow any amount of work.
  [14, "UNAVAILABLE", "", failureSpecs.reset],
];

/** Row of a gRPC ServiceError, with the name of its status as the code; null for every other error. */
export function specOfGrpc(
  info: ErrorInfo,
): { readonly spec: FailureSpec; readonly code: string } | null {
  const number = read(info.error, "code");
  // DOM exceptions and database drivers have numeric codes too; only a ServiceError has details or this wording.
  if (typeof number !== "number") return null;
  const details = readString(info.error, "details", 100);
  const relayed = hasMetadata(info.error);
  for (const [status, name, starts, spec] of statuses) {
    if (status !== number || (relayed && starts !== "")) continue;
    const wording = `${number} ${name}`;
    if (details === null && !info.message.startsWith(wording)) return null;
    const text = details ?? info.message.slice(wording.length + ": ".length);
    if (text.startsWith(starts)) return { spec, code: name };
  }
  return null;
}

/**
 * Whether the status came from the server, which may have relayed a status that its own client created. A status that
 * is created locally has no metadata; one from the wire has at least its content type.
 */
function hasMetadata(error: object): boolean {
  const size = read(read(read(error, "metadata"), "internalRepr"), "size");
  return typeof size === "number" && size > 0;
}
