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

/** Base of all errors that Reissue throws on purpose, with a stable code. */
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
