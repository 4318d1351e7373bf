// @ts-check

/**
 * What an attempt came to.
 *
 * - `response`: with this status.
 * - `refused`: connecting failed; with `isHeld`, that of another call, which this one waited for.
 * - `reset`: the connection died before any byte of a response.
 * - `timeout`: no response in time, or, with `isHeld`, no connection.
 *
 * @typedef {{ type: "response", status: number } | { type: "refused", isHeld: boolean }
 *   | { type: "reset", diedAfterMs: number }
 *   | { type: "timeout", isHeld: boolean }} Outcome
 */

/**
 * What a policy does about an outcome: another attempt, on a fresh connection or on any.
 *
 * @typedef {{ delayMs: number, fresh: boolean }} Resend
 */

/** One call of a client, from its first attempt to its last. */
export class Call {
  attempts = 0;
  /** Times that an instance has begun to process it. */
  processed = 0;
  /** Whether the present attempt needs a connection that no request has used. */
  fresh = false;
  /** Start of the present attempt, in ms. */
  sentAtMs = 0;
  /** @type {import("./connection.js").Connection | null} */
  connection = null;
  /** Instant at which the present attempt was written, in ms. */
  writtenAtMs = 0;
  /** Idle time of its connection then, in ms; null on a fresh one. */
  idleMs = /** @type {number | null} */ (null);
  /** @type {import("./event-queue.js").Event | null} */
  timer = null;
  /** Whether it waits for the probe of an upstream that is down. */
  isHeld = false;
  /** What the policy remembers of it. */
  memory = /** @type {any} */ (null);

  /**
   * @param {string} method
   * @param {number} startedAtMs
   */
  constructor(method, startedAtMs) {
    this.method = method;
    this.startedAtMs = startedAtMs;
  }
}
