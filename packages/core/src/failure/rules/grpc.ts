import { read, readString, type ErrorInfo } from "../error-info.ts";
import { failureSpecs, type FailureSpec } from "../failure-spec.ts";

/** A gRPC status by its number and its name, what its details begin with (empty: anything), and its row. */
type Status = readonly [number: number, name: string, details: string, shape: FailureSpec];

/** The statuses that @grpc/grpc-js makes up itself when a call fails; the first that fits decides. */
const statuses: readonly Status[] = [
  [1, "CANCELLED", "Cancelled on client", failureSpecs.aborted],
  [4, "DEADLINE_EXCEEDED", "", failureSpecs.answerTimeout],
  [14, "UNAVAILABLE", "No connection established", failureSpecs.refused],
  [14, "UNAVAILABLE", "round_robin: No connection established", failureSpecs.refused],
  [14, "UNAVAILABLE", "weighted_round_robin: No connection established", failureSpecs.refused],
  [14, "UNAVAILABLE", "Name resolution failed", failureSpecs.resolver],
  [14, "UNAVAILABLE", "Channel closed before call started", failureSpecs.noConnection],
  [14, "UNAVAILABLE", "Subchannel not ready", failureSpecs.noConnection],
  [14, "UNAVAILABLE", "Stream refused by server", failureSpecs.refusedStream],
  // "Connection dropped", and a server's own UNAVAILABLE: an answer, but one that may follow any amount of work.
  [14, "UNAVAILABLE", "", failureSpecs.reset],
];

/** The row of a gRPC ServiceError, with the name of its status as the code; null for every other error. */
export function shapeOfGrpc(
  link: ErrorInfo,
): { readonly shape: FailureSpec; readonly code: string } | null {
  const number = read(link.error, "code");
  // DOM exceptions and database drivers have numeric codes too; only a ServiceError has details or this wording.
  if (typeof number !== "number") return null;
  const details = readString(link.error, "details", 100);
  const relayed = hasMetadata(link.error);
  for (const [status, name, starts, shape] of statuses) {
    if (status !== number || (relayed && starts !== "")) continue;
    const wording = `${number} ${name}`;
    if (details === null && !link.message.startsWith(wording)) return null;
    const found = details ?? link.message.slice(wording.length + ": ".length);
    if (found.startsWith(starts)) return { shape, code: name };
  }
  return null;
}

/**
 * Whether the status came from the server, which may have relayed what its own client made up about a call of its own:
 * a status that is made up here has no metadata, one that came over the wire has at least its content type.
 */
function hasMetadata(error: object): boolean {
  const size = read(read(read(error, "metadata"), "internalRepr"), "size");
  return typeof size === "number" && size > 0;
}
