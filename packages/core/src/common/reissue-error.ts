import type { Delivery, Failure } from "../failure/failure.ts";
import type { GiveUpReason } from "../retry/decide.ts";

const brand = Symbol.for("reissue.error");

/** Code of a Reissue error. Codes are stable; docs/errors.md has an anchor for each. */
export type ErrorCode =
  | "ERR_REISSUE_OPTION"
  | "ERR_REISSUE_CLOSED"
  | "ERR_REISSUE_KEY_MALFORMED"
  | "ERR_REISSUE_KEY_MISSING"
  | "ERR_REISSUE_KEY_MISMATCH"
  | "ERR_REISSUE_KEY_IN_FLIGHT"
  | "ERR_REISSUE_KEY_OUTCOME_UNKNOWN"
  | "ERR_REISSUE_KEY_ANSWER_NOT_KEPT"
  | "ERR_REISSUE_STEP_MISSING"
  | "ERR_REISSUE_STEP_REUSED"
  | "ERR_REISSUE_BODY_CONSUMED"
  | "ERR_REISSUE_BODY_TIMEOUT"
  | "ERR_REISSUE_BODY_TOO_LARGE"
  | "ERR_REISSUE_CLAIM_LOST"
  | "ERR_REISSUE_STORE_UNAVAILABLE"
  | "ERR_REISSUE_STORE_FULL"
  | "ERR_REISSUE_UPSTREAM_UNSENT"
  | "ERR_REISSUE_UPSTREAM_STALE"
  | "ERR_REISSUE_UPSTREAM_UNKNOWN"
  | "ERR_REISSUE_UPSTREAM_RESPONSE_STARTED"
  | "ERR_REISSUE_UPSTREAM_TIMEOUT";

/** Base of all errors that Reissue throws on purpose, with a stable code and a message that is safe for clients. */
export class ReissueError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether a value is a Reissue error, of any copy of the package; never throws. */
export function isReissueError(value: unknown): value is ReissueError {
  try {
    return value instanceof Error && brand in value;
  } catch {
    // A proxy may throw at either.
    return false;
  }
}

/** Error for a wrong option, thrown at construction, before anything is sent. */
export class OptionError extends ReissueError {
  /** Path of the wrong option, such as `origins["http://orders"].idleMs`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super("ERR_REISSUE_OPTION", `${path} ${problem}`);
    this.path = path;
  }
}

/** Error of an upstream client that was used after `close()`, or destroyed during the call. */
export class ClosedError extends ReissueError {
  constructor() {
    super("ERR_REISSUE_CLOSED", "The upstream client is closed");
  }
}

/** Record of one send, for errors and diagnostics. */
export interface AttemptRecord {
  /** 1 for the first send. */
  readonly attempt: number;
  /** Start, in ms of the clock. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Whether the connection had already served a request; null when nothing was written. */
  readonly reused: boolean | null;
  /** Idle time of the connection when the request was written, in ms; null on a fresh one. */
  readonly idleMs: number | null;
  /** Failure; null when there was a response. */
  readonly failure: Failure | null;
  /** Status of the response; null for none. */
  readonly status: number | null;
  /** Error of the transport; null when there was a response. */
  readonly error: unknown;
}

const messages: Record<Delivery, string> = {
  unsent: "The request never reached the upstream",
  stale: "The connection was closed by the upstream while the request was being sent",
  unknown: "The connection to the upstream failed before it responded",
  delivered: "The upstream's response was cut off",
};

const deliveryCodes: Record<Delivery, ErrorCode> = {
  unsent: "ERR_REISSUE_UPSTREAM_UNSENT",
  stale: "ERR_REISSUE_UPSTREAM_STALE",
  unknown: "ERR_REISSUE_UPSTREAM_UNKNOWN",
  delivered: "ERR_REISSUE_UPSTREAM_RESPONSE_STARTED",
};

function messageOf({ kind, delivery }: Failure): string {
  if (kind !== "timeout") return messages[delivery];
  if (delivery === "delivered") return "The upstream fell silent in the middle of its response";
  return delivery === "unknown" ? "The upstream did not respond in time" : messages[delivery];
}

/**
 * Error of a request to an upstream that failed for good: its fate, as far as it is known, why it was not resent, and
 * all attempts.
 */
export class UpstreamError extends ReissueError {
  /** Fate of the request, as far as it is known. */
  readonly delivery: Delivery;
  /** Why the request was not sent, or not resent. */
  readonly reason: GiveUpReason;
  /** Origin of the upstream, such as `http://orders:3000`; for logs, not for clients. */
  readonly origin: string;
  /** Failure of the last attempt, classified. */
  readonly failure: Failure;
  /** Every send, in order. */
  readonly attempts: readonly AttemptRecord[];

  constructor(details: {
    readonly failure: Failure;
    readonly reason: GiveUpReason;
    readonly origin: string;
    readonly attempts: readonly AttemptRecord[];
    readonly cause: unknown;
  }) {
    const { failure, reason } = details;
    const timedOut = failure.kind === "timeout" && failure.delivery === "unknown";
    super(
      timedOut ? "ERR_REISSUE_UPSTREAM_TIMEOUT" : deliveryCodes[failure.delivery],
      `${messageOf(failure)} (${reason})`,
      { cause: details.cause },
    );
    this.delivery = failure.delivery;
    this.reason = reason;
    this.origin = details.origin;
    this.failure = failure;
    this.attempts = details.attempts;
  }
}
