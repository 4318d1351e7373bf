import { isReissueError } from "../../common/reissue-error.ts";
import type { Delivery, Failure, FailureKind, Phase } from "../failure.ts";
import { read, readString } from "../error-info.ts";
import { failureOf, isKind, isPhase } from "../failure-spec.ts";

const deliveries: readonly string[] = [
  "unsent",
  "stale",
  "unknown",
  "delivered",
] satisfies Delivery[];

/**
 * Failure of an UpstreamError; null for any other error.
 *
 * Copied field by field, since the error may come from another version of the package.
 */
export function ownFailure(error: object): Failure | null {
  if (!isReissueError(error)) return null;
  const failure = read(error, "failure");
  const kind = read(failure, "kind");
  const phase = read(failure, "phase");
  const delivery = read(failure, "delivery");
  if (!isKind(kind) || !isPhase(phase) || !isDelivery(delivery)) return null;
  return { ...withOverrides(failure, kind, phase), delivery };
}

function withOverrides(failure: unknown, kind: FailureKind, phase: Phase): Failure {
  const usual = failureOf({ kind, phase }, readString(failure, "code", 80));
  const transient = read(failure, "transient");
  const token = read(failure, "token");
  return {
    ...usual,
    transient: typeof transient === "boolean" ? transient : usual.transient,
    // The only token that differs from its kind's, see `failureSpecs.cutFraming`.
    token: kind === "incomplete" && token === "http_protocol_error" ? token : usual.token,
  };
}

function isDelivery(value: unknown): value is Delivery {
  return typeof value === "string" && deliveries.includes(value);
}
