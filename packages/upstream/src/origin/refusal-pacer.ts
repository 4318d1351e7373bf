import { fullJitter, type BackOff, type Clock, type Timer } from "@reissue/core";

import type { InContext } from "../call/async-context.ts";
import { WaitQueue, type Queued } from "./wait-queue.ts";

/** A call whose request was refused, and that waits until it may be sent again. */
export interface RefusedCall extends InContext, Queued {
  onAdmitted(): void;
}

/**
 * The pace at which requests are sent again that an origin has refused (REFUSED_STREAM, RFC 9113 §8.7).
 *
 * Each refused request could safely be sent again and again; from hundreds of calls that is a storm on an upstream which
 * says that it has too much to do. So one alone is sent, after a back-off, until one is accepted; and each that is
 * accepted lets two more go, as TCP starts a connection (RFC 5681 §3.1). What an upstream refuses for a second sees some
 * ten resends in all, and what accepts again is given everything within a few round trips.
 */
export class RefusalPacer {
  readonly #backOff: BackOff;
  readonly #clock: Clock;
  readonly #line = new WaitQueue<RefusedCall>();
  /** Requests admitted of which it is not known yet what becomes. */
  #underWay = 0;
  #maxUnderWay = 1;
  /** Pauses since a request was accepted last. */
  #inRow = 0;
  #timer: Timer | null = null;

  constructor(backOff: BackOff, clock: Clock) {
    this.#backOff = backOff;
    this.#clock = clock;
  }

  /** Takes note of a refusal: nothing is sent again for a while, and then one request alone. */
  onRefusal(): void {
    this.#maxUnderWay = 1;
    if (this.#timer !== null) return;
    const delayMs = fullJitter(this.#inRow, this.#backOff, this.#clock.random());
    this.#inRow += 1;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#admit();
    }, delayMs);
  }

  /** Has a call wait until its request may be sent again. */
  join(call: RefusedCall): void {
    this.#line.join(call);
    if (this.#timer === null) this.#admit();
  }

  /** Takes a call out that no longer waits. */
  leave(call: RefusedCall): void {
    this.#line.leave(call);
  }

  /** Takes note of what became of a request that was admitted. */
  onOutcome(accepted: boolean): void {
    this.#underWay -= 1;
    if (accepted) {
      this.#inRow = 0;
      this.#maxUnderWay = this.#underWay + 2;
    }
    if (this.#timer === null) this.#admit();
  }

  #admit(): void {
    while (this.#underWay < this.#maxUnderWay) {
      const call = this.#line.first;
      if (call === null) return;
      this.#line.leave(call);
      this.#underWay += 1;
      call.context.runInAsyncScope(() => call.onAdmitted());
    }
  }
}
