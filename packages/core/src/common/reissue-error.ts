import type { Delivery, Failure } from "../failure/failure.ts";
import type { GiveUpReason } from "../retry/decide.ts";

const brand = Symbol.for("reissue.error");

/** Every code that a Reissue error can carry. Codes are stable; docs/errors.md has one anchor for each. */
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

/** The base of every error that Reissue throws on purpose: a stable code and a message that is safe for clients. */
export class ReissueError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether a value is an error of Reissue's, of whichever copy of the package; never throws. */
export function isReissueError(value: unknown): value is ReissueError {
  try {
    return value instanceof Error && brand in value;
  } catch {
    // A proxy may throw at either.
    return false;
  }
}

/** An option was wrong; thrown at construction, before anything is sent. */
export class OptionError extends ReissueError {
  /** Where the wrong option stands, such as `origins["http://orders"].idleMs`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super("ERR_REISSUE_OPTION", `${path} ${problem}`);
    this.path = path;
  }
}

/** The upstream client was used after `close()`, or destroyed while the call was under way. */
export class ClosedError extends ReissueError {
  constructor() {
    super("ERR_REISSUE_CLOSED", "The upstream client is closed");
  }
}

/** One send, as it is told to people. */
export interface AttemptRecord {
  /** 1 for the first send. */
  readonly attempt: number;
  /** When it began, in ms of the clock. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Whether the connection had already served a request; null when it was never written. */
  readonly reused: boolean | null;
  /** How long the connection had been idle when the request was written, in ms; null on a fresh one. */
  readonly idleMs: number | null;
  /** What went wrong; null when the upstream answered. */
  readonly failure: Failure | null;
  /** The status that was answered; null when none was. */
  readonly status: number | null;
  /** The error as it was thrown by the transport; null when the upstream answered. */
  readonly error: unknown;
}

const messages: Record<Delivery, string> = {
  unsent: "The request never reached the upstream",
  stale: "The connection was closed by the upstream while the request was being sent",
  unknown: "The connection to the upstream failed before it answered",
  delivered: "The upstream's answer was cut off",
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
  return delivery === "unknown" ? "The upstream did not answer in time" : messages[delivery];
}

/** A request to an upstream failed for good: what is known of its fate, why it was not sent again, what was tried. */
export class UpstreamError extends ReissueError {
  /** What is known of the request's fate. */
  readonly delivery: Delivery;
  /** Why it was not sent (again). */
  readonly reason: GiveUpReason;
  /** The upstream's origin, such as `http://orders:3000`; for logs, not for clients. */
  readonly origin: string;
  /** The last attempt's failure, classified. */
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
