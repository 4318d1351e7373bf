import { AsyncResource } from "node:async_hooks";

import { attempt, type Awaitable } from "../../common/awaitable.ts";
import type { Clock } from "../../common/clock.ts";
import { publish } from "../../diagnostics/idempotency-channel.ts";
import type { ClaimCounts } from "../../diagnostics/idempotency-event.ts";
import { storeCall } from "./store-call.ts";

/** End of a claim that a store has not confirmed. Safe to repeat: the store accepts it from the claim's owner only. */
export interface ClaimEnd {
  readonly id: string;
  /** Undefined where the reply to the claim was lost. */
  readonly fence?: number | undefined;
  readonly operation: "complete" | "release";
  /** Size of the stored response in memory, in bytes. */
  readonly bytes?: number | undefined;
  /** Calls the store once; returns whether the claim was held. */
  readonly call: () => Awaitable<boolean>;
}

interface Pending {
  readonly end: ClaimEnd;
  readonly untilMs: number;
  /** Pause before the latest try, in ms; 0 before the first. */
  delayMs: number;
  /** Whether the store has reported that the claim is not held. */
  wasNotHeld: boolean;
}

/** First pause, in ms; each is four times as long as the previous, so that a lease of 30 s has five tries. */
const firstDelayMs = 250;
const delayFactor = 4;
const longestDelayMs = 60_000;

/** Most ends that wait; more are left to their leases. At about 300 bytes each, 3 MB. */
const maxPending = 10_000;

/** Most bytes of responses that wait: 16 MiB, as much as recorded request bodies of an upstream client. */
const maxBytes = 16_777_216;

/** Most concurrent calls, so that a store that has just recovered is not met by all of them at once. */
const maxCalls = 16;

/**
 * Repeats in the background the ends of claims that a store did not confirm. No request waits for them, and a claim
 * whose end fails until its time is over is left to its lease.
 */
export class StoreRetries {
  readonly #clock: Clock;
  readonly #storeTimeoutMs: number;
  readonly #windowMs: number;
  readonly #holdsProcess: boolean;
  readonly #counts: ClaimCounts;
  /** Ends whose pause is over. */
  readonly #due: Pending[] = [];
  #pending = 0;
  #bytes = 0;
  #calls = 0;

  /**
   * @param options - `windowMs`: time for which an end is repeated. `holdsProcess`: whether the process stays alive for
   *   a completion that is repeated, because the work would otherwise be repeated.
   */
  constructor(options: {
    readonly clock: Clock;
    readonly storeTimeoutMs: number;
    readonly windowMs: number;
    readonly holdsProcess: boolean;
    readonly counts: ClaimCounts;
  }) {
    this.#clock = options.clock;
    this.#storeTimeoutMs = options.storeTimeoutMs;
    this.#windowMs = options.windowMs;
    this.#holdsProcess = options.holdsProcess;
    this.#counts = options.counts;
  }

  /** Calls the store now, and again if that fails. */
  start(end: ClaimEnd): void {
    const pending = this.#add(end);
    if (pending !== null) this.#makeDue(pending);
  }

  /**
   * Calls the store again after a pause, since it has just failed.
   *
   * @returns false without room for it.
   */
  repeat(end: ClaimEnd): boolean {
    const pending = this.#add(end);
    if (pending !== null) this.#pause(pending);
    return pending !== null;
  }

  #add(end: ClaimEnd): Pending | null {
    const { bytes = 0 } = end;
    if (this.#pending >= maxPending || this.#bytes + bytes > maxBytes) return null;
    this.#pending += 1;
    this.#bytes += bytes;
    const untilMs = this.#clock.now() + this.#windowMs;
    // Bound to the request's context, since it is called when other calls end: tracing of the store's client needs to
    // know the request.
    const bound = { ...end, call: AsyncResource.bind(end.call) };
    return { end: bound, untilMs, delayMs: 0, wasNotHeld: false };
  }

  #remove({ end }: Pending): void {
    this.#pending -= 1;
    this.#bytes -= end.bytes ?? 0;
  }

  /** @returns false if its time would be over by then. */
  #pause(pending: Pending): boolean {
    const { delayMs } = pending;
    pending.delayMs =
      delayMs === 0 ? firstDelayMs : Math.min(delayMs * delayFactor, longestDelayMs);
    if (this.#clock.now() + pending.delayMs > pending.untilMs) {
      this.#remove(pending);
      return false;
    }
    const background = !this.#holdsProcess || pending.end.operation === "release";
    this.#clock.setTimeout(() => this.#makeDue(pending), pending.delayMs, { background });
    return true;
  }

  #makeDue(pending: Pending): void {
    this.#due.push(pending);
    this.#callNext();
  }

  #callNext(): void {
    while (this.#calls < maxCalls) {
      const pending = this.#due.shift();
      if (pending === undefined) return;
      this.#calls += 1;
      const { call } = pending.end;
      void attempt(
        () => storeCall(call, { clock: this.#clock, timeoutMs: this.#storeTimeoutMs }),
        (held) => this.#called(pending, held),
        (error) => this.#failed(pending, error),
      );
    }
  }

  #called(pending: Pending, held: boolean): void {
    this.#calls -= 1;
    const { end, wasNotHeld } = pending;
    const isRelease = end.operation === "release";
    if (held) publish(end, isRelease ? "released" : "completed", this.#counts);
    // A repeated release is not held either, if only the first reply was lost.
    else if (!isRelease) publish(end, "lost", this.#counts);
    // A claim that was cut off on its way may still arrive after its release.
    if (!held && isRelease && !wasNotHeld) {
      pending.wasNotHeld = true;
      this.#pause(pending);
    } else {
      this.#remove(pending);
    }
    this.#callNext();
  }

  #failed(pending: Pending, error: unknown): void {
    this.#calls -= 1;
    const { end } = pending;
    const { operation } = end;
    if (!this.#pause(pending)) publish(end, "store-failed", this.#counts, { operation, error });
    this.#callNext();
  }
}
