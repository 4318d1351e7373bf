import { setImmediate } from "node:timers";

import type { Timer } from "@reissue/core";

import { noBody } from "../body/body.ts";
import type { InContext } from "./async-context.ts";
import type { CallRequest } from "./call-request.ts";
import type { Expiring } from "../origin/timeout-queue.ts";

/** Receiver of the timeouts of an attempt. */
export interface TimeoutOwner extends InContext {
  /** @param error - Error that the attempt is to fail with. */
  onExpire(error: Error): void;
  /** Called when a response that is held is not complete in time, though it is still coming. */
  onHoldExpire(): void;
}

/**
 * What an attempt is waiting for: the response headers; the rest of a response that is held; the rest of a response
 * that the caller has.
 */
type Phase = "headers" | "hold" | "body" | "over";

/**
 * Limits each attempt of one call: the time from its start, or from the latest progress of its request body, to the
 * headers; how long a response may be held; and the silence between two chunks of its body.
 *
 * Progress only moves an instant. The timer stays, and is set again for the remaining time if it fires too early, so
 * that neither a chunk nor an ordinary response creates a timer.
 */
export class AttemptTimeout implements Expiring {
  readonly #request: CallRequest;
  readonly #owner: TimeoutOwner;
  #phase: Phase = "over";
  /** Instant of the latest progress, in ms of the clock. */
  #sinceMs = 0;
  /** Longest time without progress, in ms. */
  #silenceMs = Infinity;
  /** Instant at which the phase ends, whatever the progress, in ms of the clock. */
  #untilMs = Infinity;
  /** Whether the caller has paused the response. */
  #paused = false;
  /** Whether a part of the request has been written in the present attempt. */
  #isWritten = false;
  /** Whether the caller has read on after a pause; undici reads on by itself until its buffer is full. */
  #isRead = false;
  #queued = false;
  #timer: Timer | null = null;
  expiresAtMs = 0;
  previous: Expiring | null = null;
  next: Expiring | null = null;

  constructor(request: CallRequest, owner: TimeoutOwner) {
    this.#request = request;
    this.#owner = owner;
  }

  /** Instant of the latest chunk of a response that the caller leaves unread, in ms of the clock; else null. */
  get unreadSinceMs(): number | null {
    return this.#phase === "body" && this.#paused && !this.#isRead ? this.#sinceMs : null;
  }

  /** Starts an attempt; attempts with the origin's usual timeout share one timer. */
  start(nowMs: number): void {
    const { origin, policy, deadlineMs } = this.#request;
    this.#isWritten = false;
    this.#enter("headers", nowMs, policy.attemptTimeoutMs, deadlineMs);
    const { timeouts } = origin;
    if (timeouts.durationMs !== policy.attemptTimeoutMs || this.#dueMs === deadlineMs) {
      return this.#arm(nowMs);
    }
    this.#queued = true;
    timeouts.add(this, nowMs);
  }

  /** Notes that a part of the request has been written. */
  sent(): void {
    if (this.#phase !== "headers") return;
    this.#isWritten = true;
    if (this.#request.body === noBody) return;
    this.#sinceMs = this.#request.origin.clock.now();
  }

  /** Notes the headers of a response that is held until it is complete. */
  hold(): void {
    const { origin, policy, bodyTimeoutMs, deadlineMs } = this.#request;
    const nowMs = origin.clock.now();
    const untilMs = Math.min(nowMs + policy.attemptTimeoutMs, deadlineMs);
    this.#enter("hold", nowMs, bodyTimeoutMs, untilMs);
    this.#ensure(nowMs);
  }

  /** Notes that the caller gets the response, which is limited by its silence alone. */
  give(): void {
    const { origin, bodyTimeoutMs } = this.#request;
    const nowMs = origin.clock.now();
    this.#enter("body", nowMs, bodyTimeoutMs, Infinity);
    this.#ensure(nowMs);
  }

  /**
   * Releases a response that was held: its silence counts from its latest chunk, not from its release.
   *
   * @param release - Gives the response to the caller, and returns whether the caller takes more.
   */
  giveHeld(release: () => boolean): void {
    const sinceMs = this.#sinceMs;
    this.give();
    const takesMore = release();
    if (this.#phase === "over") return;
    this.#paused = !takesMore;
    if (!takesMore) return this.#disarm();
    this.#sinceMs = sinceMs;
    this.#ensure(this.#request.origin.clock.now());
  }

  /** Notes a part of the response, and whether the caller takes more. */
  received(takesMore: boolean): boolean {
    this.#sinceMs = this.#request.origin.clock.now();
    return this.taken(takesMore);
  }

  /**
   * Notes whether the caller takes more of the response; while it pauses, silence is its own.
   *
   * @returns `takesMore`.
   */
  taken(takesMore: boolean): boolean {
    this.#paused = !takesMore;
    if (!takesMore) this.#disarm();
    return takesMore;
  }

  /** Wraps the function that the caller resumes a response with. */
  resuming(resume: () => void): () => void {
    return () => {
      // Reading on without a pause is no progress of the upstream's.
      if (!this.#paused) return resume();
      this.#paused = false;
      this.#isRead = true;
      const nowMs = this.#request.origin.clock.now();
      this.#sinceMs = nowMs;
      if (this.#phase !== "over") this.#ensure(nowMs);
      resume();
    };
  }

  /**
   * Notes that the call has got the connection that it waited for: the upstream has the whole time from then on.
   *
   * @returns false if the time was over, even if the timer is late: in a busy loop other events may come first.
   */
  leaveQueue(nowMs: number): boolean {
    if (nowMs >= this.expiresAtMs) return false;
    this.#sinceMs = nowMs;
    return true;
  }

  /** Stops the timer, until the next attempt. */
  stop(): void {
    this.#phase = "over";
    this.#disarm();
  }

  onExpire(): void {
    this.#queued = false;
    this.#timer = null;
    const nowMs = this.#request.origin.clock.now();
    if (this.#dueMs > Math.max(nowMs, this.expiresAtMs)) return this.#arm(nowMs);
    // Where the loop was held up, it comes to the timer before the sockets, on which the response may be.
    if (this.#isWritten && nowMs > this.expiresAtMs) setImmediate(() => this.#onPolled());
    else this.#expire(nowMs);
  }

  /** Expires unless something has come by now. */
  #onPolled(): void {
    const isArmed = this.#queued || this.#timer !== null;
    if (this.#phase === "over" || this.#paused || isArmed) return;
    const nowMs = this.#request.origin.clock.now();
    if (this.#dueMs > nowMs) this.#ensure(nowMs);
    else this.#expire(nowMs);
  }

  #expire(nowMs: number): void {
    const silent = this.#sinceMs + this.#silenceMs <= Math.max(nowMs, this.expiresAtMs);
    // At the inbound deadline, the inbound client gets a response without this call.
    const inboundMs = this.#request.options.inbound?.deadlineMs ?? Infinity;
    const drips = this.#phase === "hold" && !silent && nowMs < inboundMs;
    const error = silent && this.#phase !== "headers" ? silenceError() : timeoutError();
    // The timer may be shared by many calls.
    this.#owner.context.runInAsyncScope(() => {
      if (drips) this.#owner.onHoldExpire();
      else this.#owner.onExpire(error);
    });
  }

  get #dueMs(): number {
    return Math.min(this.#sinceMs + this.#silenceMs, this.#untilMs);
  }

  #enter(phase: Phase, nowMs: number, silenceMs: number, untilMs: number): void {
    this.#phase = phase;
    this.#sinceMs = nowMs;
    this.#silenceMs = silenceMs;
    this.#untilMs = untilMs;
  }

  /** Ensures that a timer fires in time; firing too early does no harm. */
  #ensure(nowMs: number): void {
    const dueMs = this.#dueMs;
    const armed = this.#queued || this.#timer !== null;
    if (armed && this.expiresAtMs <= dueMs && dueMs !== Infinity) return;
    this.#disarm();
    if (dueMs !== Infinity) this.#arm(nowMs);
  }

  #arm(nowMs: number): void {
    const { clock } = this.#request.origin;
    this.expiresAtMs = this.#dueMs;
    const delayMs = Math.max(this.expiresAtMs - nowMs, 0);
    this.#timer = clock.setTimeout(() => this.onExpire(), delayMs);
  }

  #disarm(): void {
    const { timeouts, clock } = this.#request.origin;
    if (this.#queued) {
      this.#queued = false;
      timeouts.remove(this);
    } else if (this.#timer !== null) {
      clock.clearTimeout(this.#timer);
      this.#timer = null;
    }
  }
}

/** Error of an attempt whose time is over. */
export function timeoutError(): DOMException {
  return new DOMException("The upstream did not respond in time", "TimeoutError");
}

/** Whether an error is a timeout of an attempt. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}

function silenceError(): DOMException {
  return new DOMException(
    "The upstream sent nothing for bodyTimeoutMs in the middle of its response",
    "TimeoutError",
  );
}
