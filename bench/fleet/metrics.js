// @ts-check
import { isIdempotentMethod } from "@reissue/core";

/** Counts of one second: calls by the second in which they began, the rest by that in which it happened. */
class Second {
  calls = 0;
  /** Calls that got a response in time. */
  good = 0;
  /** Requests that reached an instance. */
  requests = 0;
}

/** Figures of a simulation, in total and for each second. */
export class Metrics {
  /** @type {Second[]} */
  seconds;
  calls = 0;
  /** Attempts, connects that failed included. */
  attempts = 0;
  /** Calls that got a response, but too late to be of use. */
  late = 0;
  failed = 0;
  /** POSTs that were begun more than once, though nobody said that this does no harm. */
  duplicates = 0;
  /** Times that an idempotent request was begun again. */
  repeats = 0;

  /**
   * @param {number} durationMs
   * @param {number} usefulMs - How long a caller waits for a response before it has no use for it.
   */
  constructor(durationMs, usefulMs) {
    this.usefulMs = usefulMs;
    this.seconds = Array.from({ length: Math.ceil(durationMs / 1000) }, () => new Second());
  }

  onCall(/** @type {import("./call.js").Call} */ { startedAtMs }) {
    this.calls += 1;
    this.#at(startedAtMs).calls += 1;
  }

  onAttempt() {
    this.attempts += 1;
  }

  onRequest(/** @type {number} */ nowMs) {
    this.#at(nowMs).requests += 1;
  }

  onRepeat(/** @type {import("./call.js").Call} */ { method, processed }) {
    if (isIdempotentMethod(method)) this.repeats += 1;
    else if (processed === 2) this.duplicates += 1;
  }

  /**
   * @param {import("./call.js").Call} call
   * @param {boolean} responded
   * @param {number} nowMs
   */
  onEnd(call, responded, nowMs) {
    if (!responded) this.failed += 1;
    else if (nowMs - call.startedAtMs > this.usefulMs) this.late += 1;
    else this.#at(call.startedAtMs).good += 1;
  }

  /** What happens after the last second, when no call begins any more, is counted nowhere. */
  #after = new Second();

  #at(/** @type {number} */ nowMs) {
    return this.seconds[Math.floor(nowMs / 1000)] ?? this.#after;
  }
}
