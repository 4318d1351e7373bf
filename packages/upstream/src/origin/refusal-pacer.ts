import { fullJitter, type BackOff, type Clock, type Timer } from "@reissue/core";

import type { InContext } from "../call/async-context.ts";
import { WaitQueue, type Queued } from "./wait-queue.ts";

/** Call whose request was refused, and that waits until it may be resent. */
export interface RefusedCall extends InContext, Queued {
  onAdmitted(): void;
}

/**
 * Paces the resends of requests that an origin has refused (REFUSED_STREAM, RFC 9113 §8.7).
 *
 * A refused request may safely be resent again and again; from hundreds of calls that is a storm on an upstream that is
 * already overloaded. Therefore a single request is sent, after a back-off, until one is accepted; then each accepted
 * one admits two more, as TCP starts a connection (RFC 5681 §3.1). An upstream that refuses for a second sees about ten
 * resends in all, and one that accepts again gets everything within a few round trips.
 */
export class RefusalPacer {
  readonly #backOff: BackOff;
  readonly #clock: Clock;
  readonly #queue = new WaitQueue<RefusedCall>();
  /** Admitted requests whose outcome is not yet known. */
  #underWay = 0;
  #maxUnderWay = 1;
  /** Back-offs since the last accepted request. */
  #pauses = 0;
  #timer: Timer | null = null;

  constructor(backOff: BackOff, clock: Clock) {
    this.#backOff = backOff;
    this.#clock = clock;
  }

  /** Notes a refusal: nothing is sent for a while, then a single request. */
  onRefusal(): void {
    this.#maxUnderWay = 1;
    if (this.#timer !== null) return;
    const delayMs = fullJitter(this.#pauses, this.#backOff, this.#clock.random());
    this.#pauses += 1;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#admit();
    }, delayMs);
  }

  /** Queues a call until its request may be resent. */
  join(call: RefusedCall): void {
    this.#queue.join(call);
    if (this.#timer === null) this.#admit();
  }

  /** Removes a call that no longer waits. */
  leave(call: RefusedCall): void {
    this.#queue.leave(call);
  }

  /** Notes the outcome of an admitted request. */
  onOutcome(accepted: boolean): void {
    this.#underWay -= 1;
    if (accepted) {
      this.#pauses = 0;
      this.#maxUnderWay = this.#underWay + 2;
    }
    if (this.#timer === null) this.#admit();
  }

  #admit(): void {
    while (this.#underWay < this.#maxUnderWay) {
      const call = this.#queue.first;
      if (call === null) return;
      this.#queue.leave(call);
      this.#underWay += 1;
      call.context.runInAsyncScope(() => call.onAdmitted());
    }
  }
}
