import { ReissueError, type ErrorCode } from "../common/reissue-error.ts";
import { describeFailure } from "../failure/describe-failure.ts";
import type { Delivery, Failure } from "../failure/failure.ts";
import { showCausesInStack } from "../failure/stack-with-causes.ts";
import type { GiveUpReason } from "../retry/decide.ts";
import type { AttemptRecord } from "./attempt-record.ts";

const codes: Record<Delivery, ErrorCode> = {
  unsent: "ERR_REISSUE_UPSTREAM_UNSENT",
  stale: "ERR_REISSUE_UPSTREAM_STALE",
  unknown: "ERR_REISSUE_UPSTREAM_UNKNOWN",
  delivered: "ERR_REISSUE_UPSTREAM_RESPONSE_STARTED",
};

function codeOf({ kind, delivery }: Failure): ErrorCode {
  const isTimeout = kind === "timeout" && delivery === "unknown";
  return isTimeout ? "ERR_REISSUE_UPSTREAM_TIMEOUT" : codes[delivery];
}

/**
 * Error of a request to an upstream that failed for good: its fate, as far as it is known, why it was not resent, and
 * all attempts.
 *
 * Its message names the method, the origin, what happened, and why nothing more was tried. It is for logs: clients get
 * a message of the gate's that says nothing internal.
 */
export class UpstreamError extends ReissueError {
  /** Fate of the request, as far as it is known. */
  readonly delivery: Delivery;
  /** Why the request was not sent, or not resent. */
  readonly reason: GiveUpReason;
  /** Method of the request, in capitals. */
  readonly method: string;
  /** Origin of the upstream, such as `http://orders:3000`. */
  readonly origin: string;
  /** Failure of the last attempt, classified. */
  readonly failure: Failure;
  /** Every send, in order; those that failed in the same way before anything was written share one record. */
  readonly attempts: readonly AttemptRecord[];

  constructor(details: {
    readonly failure: Failure;
    readonly reason: GiveUpReason;
    readonly method: string;
    readonly origin: string;
    readonly attempts: readonly AttemptRecord[];
    readonly cause: unknown;
  }) {
    const { failure, reason, method, origin, attempts, cause } = details;
    const what = `${describeFailure(failure)}; not sent again: ${reason}`;
    super(codeOf(failure), `${method} ${origin}: ${what}`, { cause });
    this.delivery = failure.delivery;
    this.reason = reason;
    this.method = method;
    this.origin = origin;
    this.failure = failure;
    this.attempts = attempts;
    showCausesInStack(this, new.target);
  }
}
