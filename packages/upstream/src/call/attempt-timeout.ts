import type { Timer } from "@reissue/core";

import { noBody } from "../body/body.ts";
import type { InContext } from "./async-context.ts";
import type { CallRequest } from "./call-request.ts";
import type { Expiring } from "../origin/timeout-queue.ts";

/** What is told that time is over. */
export interface TimeoutOwner extends InContext {
  /** @param error - What the attempt is to fail with. */
  onExpire(error: Error): void;
  /** A response that is held has not become whole in time, though it goes on coming. */
  onHoldExpire(): void;
}

/**
 * What an attempt is waiting for: the response headers; the rest of a response that is held; the rest of one that the
 * caller has been given.
 */
type Phase = "headers" | "hold" | "body" | "over";

/**
 * Bounds each attempt of one call: from its start in line, or the latest progress of its request body, to the headers;
 * how long a response may be held; and the silence between two chunks of its body.
 *
 * Progress only moves an instant. The timer is left as it was, and set anew for the time that is left only if it fires
 * too early for that, so that neither a chunk nor a response of an ordinary call makes a timer.
 */
export class AttemptTimeout implements Expiring {
  readonly #request: CallRequest;
  readonly #owner: TimeoutOwner;
  #phase: Phase = "over";
  /** When there was progress last. */
  #sinceMs = 0;
  /** How long there may be none. */
  #silenceMs = Infinity;
  /** When the phase has to be over, whatever progress there is. */
  #untilMs = Infinity;
  /** Whether the caller takes no more of the response for now. */
  #paused = false;
  #queued = false;
  #timer: Timer | null = null;
  expiresAtMs = 0;
  previous: Expiring | null = null;
  next: Expiring | null = null;

  constructor(request: CallRequest, owner: TimeoutOwner) {
    this.#request = request;
    this.#owner = owner;
  }

  /** Starts an attempt; those of the usual length share one timer. */
  start(nowMs: number): void {
    const { origin, policy, deadlineMs } = this.#request;
    this.#enter("headers", nowMs, policy.attemptTimeoutMs, deadlineMs);
    const { timeouts } = origin;
    if (timeouts.durationMs !== policy.attemptTimeoutMs || this.#dueMs === deadlineMs) {
      return this.#arm(nowMs);
    }
    this.#queued = true;
    timeouts.add(this, nowMs);
  }

  /** Takes note that a part of the request has been written. */
  sent(): void {
    if (this.#phase !== "headers" || this.#request.body === noBody) return;
    this.#sinceMs = this.#request.origin.clock.now();
  }

  /** Takes note that the headers of a response have come that is held until it is whole. */
  hold(): void {
    const { origin, policy, bodyTimeoutMs, deadlineMs } = this.#request;
    const nowMs = origin.clock.now();
    const untilMs = Math.min(nowMs + policy.attemptTimeoutMs, deadlineMs);
    this.#enter("hold", nowMs, bodyTimeoutMs, untilMs);
    this.#ensure(nowMs);
  }

  /** Takes note that the caller is given the response, which is bounded by its silence alone. */
  give(): void {
    const { origin, bodyTimeoutMs } = this.#request;
    const nowMs = origin.clock.now();
    this.#enter("body", nowMs, bodyTimeoutMs, Infinity);
    this.#ensure(nowMs);
  }

  /**
   * Gives a response that was held: its silence has lasted since its latest chunk, not since it is given.
   *
   * @param release - What gives it, and tells whether the caller takes more.
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

  /**
   * Takes note of a part of the response, and of whether the caller takes more; while it does not, silence is its own.
   *
   * @returns `takesMore`.
   */
  received(takesMore: boolean): boolean {
    this.#sinceMs = this.#request.origin.clock.now();
    this.#paused = !takesMore;
    if (!takesMore) this.#disarm();
    return takesMore;
  }

  /** What the caller resumes a response with. */
  resuming(resume: () => void): () => void {
    return () => {
      // A reader that asks for more without having paused is no progress of the upstream's.
      if (!this.#paused) return resume();
      this.#paused = false;
      const nowMs = this.#request.origin.clock.now();
      this.#sinceMs = nowMs;
      if (this.#phase !== "over") this.#ensure(nowMs);
      resume();
    };
  }

  /** Whether the time is over, though the timer may be late: other events of a busy loop can come before it. */
  isOver(nowMs: number): boolean {
    return nowMs >= this.expiresAtMs;
  }

  /** Stops it, until the next attempt. */
  stop(): void {
    this.#phase = "over";
    this.#disarm();
  }

  onExpire(): void {
    this.#queued = false;
    this.#timer = null;
    const nowMs = this.#request.origin.clock.now();
    if (this.#dueMs > Math.max(nowMs, this.expiresAtMs)) return this.#arm(nowMs);
    const silent = this.#sinceMs + this.#silenceMs <= Math.max(nowMs, this.expiresAtMs);
    // At the inbound deadline the inbound client has been answered without it.
    const inboundMs = this.#request.options.inbound?.deadlineMs ?? Infinity;
    const drips = this.#phase === "hold" && !silent && nowMs < inboundMs;
    const error = silent && this.#phase !== "headers" ? silenceError() : timeoutError();
    // The timer may be one that many calls share.
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

  /** Sees to it that a timer fires in time; one that fires too early does no harm. */
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

/** What an attempt fails with whose time is over. */
export function timeoutError(): DOMException {
  return new DOMException("The upstream did not answer in time", "TimeoutError");
}

/** Whether an error is one of those above. */
export function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}

function silenceError(): DOMException {
  return new DOMException(
    "The upstream sent nothing for bodyTimeoutMs in the middle of its response",
    "TimeoutError",
  );
}
