import type { AsyncResource } from "node:async_hooks";

import type { Timer } from "@reissue/core";

import type { InContext } from "./async-context.ts";
import type { CallHost, PendingCall } from "./call-host.ts";
import type { CallRequest } from "./call-request.ts";
import type { Waiter } from "../origin/waiter.ts";
import type { RefusedCall } from "../origin/refusal-pacer.ts";

/** Call that has no connection. */
export interface WaitingCall extends InContext, PendingCall, Waiter {}

/**
 * Waiting of one call that has no connection: for the pool, for a back-off, for a probe, or after a refusal. Callbacks
 * run in the call's context.
 */
export class Wait implements RefusedCall {
  readonly #host: CallHost;
  readonly #request: CallRequest;
  readonly #call: WaitingCall;
  place = -1;
  #timer: Timer | null = null;
  #onAdmitted: (() => void) | null = null;
  /** Whether the call was admitted after a refusal, and the outcome is not yet known. */
  #admitted = false;

  constructor(host: CallHost, request: CallRequest, call: WaitingCall) {
    this.#host = host;
    this.#request = request;
    this.#call = call;
  }

  get context(): AsyncResource {
    return this.#call.context;
  }

  /** Waits without a time limit, for the pool or the caller. */
  begin(): void {
    this.#host.onWaiting(this.#call);
  }

  /** Waits out a back-off. */
  backOff(delayMs: number, send: () => void): void {
    this.begin();
    this.#after(delayMs, () => {
      this.end();
      send();
    });
  }

  /** Waits for the outcome of a probe, for at most the window in which connecting would be tried again. */
  forProbe(): void {
    const { origin, policy } = this.#request;
    const { breaker, clock } = origin;
    this.begin();
    this.#after(policy.unsentWindowMs, () => {
      // Once the outage is over, the call waits for its turn instead.
      if (breaker.sinceMs(clock.now()) !== null) this.#call.onRefused(breaker.error);
    });
  }

  /**
   * Waits until the upstream, which has refused the request, seems to accept requests again, within window and
   * deadline.
   *
   * @param onOver - Called when the time is over.
   */
  forLeave(send: () => void, onOver: () => void): void {
    const { origin, policy, deadlineMs } = this.#request;
    this.begin();
    this.#onAdmitted = send;
    const leftMs = Math.min(policy.unsentWindowMs, deadlineMs - origin.clock.now());
    this.#after(leftMs, () => {
      this.end();
      onOver();
    });
    origin.refusals.join(this);
  }

  onAdmitted(): void {
    const send = this.#onAdmitted;
    this.end();
    this.#admitted = true;
    send?.();
  }

  /** Reports the outcome of a call that was admitted after a refusal to the calls that still wait. */
  onOutcome(accepted: boolean): void {
    if (!this.#admitted) return;
    this.#admitted = false;
    this.#request.origin.refusals.onOutcome(accepted);
  }

  /** Ends the wait, if there is one. */
  end(): void {
    const { pool, refusals, clock } = this.#request.origin;
    if (this.#timer !== null) clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#onAdmitted = null;
    refusals.leave(this);
    pool.leave(this.#call);
    this.#host.onResumed(this.#call);
  }

  #after(delayMs: number, then: () => void): void {
    this.#timer = this.#request.origin.clock.setTimeout(() => {
      this.#timer = null;
      this.context.runInAsyncScope(then);
    }, delayMs);
  }
}
