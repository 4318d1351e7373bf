import { AsyncResource } from "node:async_hooks";

import { attempt, type Awaitable } from "../../common/awaitable.ts";
import type { Clock } from "../../common/clock.ts";
import { publish } from "../../diagnostics/idempotency-channel.ts";
import { storeCall } from "./store-call.ts";

/** The end of a claim, as a store has not confirmed it. Safe to repeat: a store lets in its owner alone. */
export interface ClaimEnd {
  readonly id: string;
  /** Undefined where the reply to the claim was lost. */
  readonly fence?: number | undefined;
  readonly operation: "complete" | "release";
  /** What it keeps in memory, beside its record. */
  readonly bytes?: number | undefined;
  /** One call of the store; gives whether the claim was held. */
  readonly call: () => Awaitable<boolean>;
}

interface Pending {
  readonly end: ClaimEnd;
  readonly untilMs: number;
  /** What was waited before the last try, in ms; 0 before the first. */
  delayMs: number;
  /** Whether the store has said that the claim is not held. */
  wasNotHeld: boolean;
}

/** The first pause, in ms; each is four times as long as the one before, so that a lease of 30 s has five tries. */
const firstDelayMs = 250;
const delayFactor = 4;
const longestDelayMs = 60_000;

/** The most ends that wait; more are left to their leases. At some 300 bytes each, 3 MB. */
const maxPending = 10_000;

/** The most bytes of responses that wait: 16 MiB, as much as request bodies of an upstream client may take. */
const maxBytes = 16_777_216;

/** The most calls at a time, so that a store which has just come back is not met by all of them at once. */
const maxCalls = 16;

/**
 * Repeats in the background what a store did not confirm at the end of a claim: nobody waits for it, and a claim whose
 * end fails until its time is over is left to its lease.
 */
export class StoreRetries {
  readonly #clock: Clock;
  readonly #storeTimeoutMs: number;
  readonly #windowMs: number;
  readonly #holdsProcess: boolean;
  /** Those whose pause is over. */
  readonly #due: Pending[] = [];
  #pending = 0;
  #bytes = 0;
  #calls = 0;

  /**
   * @param options - `windowMs`: for how long an end is repeated. `holdsProcess`: whether the process lives on for a
   * completion that is repeated, where the work would be done again without it.
   */
  constructor(options: {
    readonly clock: Clock;
    readonly storeTimeoutMs: number;
    readonly windowMs: number;
    readonly holdsProcess: boolean;
  }) {
    this.#clock = options.clock;
    this.#storeTimeoutMs = options.storeTimeoutMs;
    this.#windowMs = options.windowMs;
    this.#holdsProcess = options.holdsProcess;
  }

  /** Calls the store now, and again where that fails. */
  start(end: ClaimEnd): void {
    const pending = this.#add(end);
    if (pending !== null) this.#makeDue(pending);
  }

  /**
   * Calls the store again after a pause, since it has just failed.
   *
   * @returns false where there is no room for it.
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
    // Called when others' calls end: what traces the store's client asks whose it is.
    const bound = { ...end, call: AsyncResource.bind(end.call) };
    return { end: bound, untilMs, delayMs: 0, wasNotHeld: false };
  }

  #remove({ end }: Pending): void {
    this.#pending -= 1;
    this.#bytes -= end.bytes ?? 0;
  }

  /** @returns false where its time would be over by then. */
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
    if (held) publish(end, isRelease ? "released" : "completed");
    // A release whose reply was lost says so too.
    else if (!isRelease) publish(end, "lost");
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
    if (!this.#pause(pending)) publish(end, "store-failed", { operation, error });
    this.#callNext();
  }
}
