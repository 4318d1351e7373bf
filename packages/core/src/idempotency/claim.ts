import { attempt, type Awaitable } from "../awaitable.ts";
import type { Timer } from "../clock.ts";
import { isReissueError } from "../errors.ts";
import { encodeAnswer, type Answer } from "./answer.ts";
import type { ClaimSettings, Guarantee } from "./claim-settings.ts";
import { publish } from "./idempotency-channel.ts";
import { storeCall } from "./store-call.ts";
import type { ClaimToken } from "./store.ts";

/**
 * A keyed request's right to run, held until it is settled.
 *
 * A heartbeat renews the lease three times in its length, so that one lost renewal does no harm, and stops after
 * `maxRunMs`: a handler that never answers would otherwise hold its key for ever. One that answers later still has its
 * answer kept, unless another has taken over.
 */
export class Claim implements ClaimToken {
  readonly id: string;
  readonly owner: string;
  readonly fence: number;
  readonly #settings: ClaimSettings;
  readonly #renewUntilMs: number;
  /** Null once it beats no more. */
  #timer: Timer | null = null;
  #settled = false;

  constructor(token: ClaimToken, settings: ClaimSettings) {
    this.id = token.id;
    this.owner = token.owner;
    this.fence = token.fence;
    this.#settings = settings;
    this.#renewUntilMs = settings.clock.now() + settings.maxRunMs;
    this.#beat(settings.leaseMs / 3);
  }

  /** Whether it has been completed, released or abandoned, or was lost. */
  get settled(): boolean {
    return this.#settled;
  }

  /** What its key promises where nobody knows how far its work came. */
  get guarantee(): Guarantee {
    return this.#settings.guarantee;
  }

  /** How long its answer is to be remembered, in ms. */
  get retentionMs(): number {
    return this.#settings.retentionMs;
  }

  /**
   * Keeps the answer for the retries to come; where there is no room for its body, only that there was one.
   *
   * @returns whether it is kept. It is not where another has taken over, or where the store fails: the claim is then left
   * to expire. Never rejects, and is there at once where the store is.
   */
  complete(answer: Answer): Awaitable<boolean> {
    if (!this.#settle()) return false;
    const failed = (error: unknown): false => this.#failed("complete", error);
    return this.#keep(answer, (error) => {
      // By its code: the store may have another copy of this package.
      const isFull = isReissueError(error) && error.code === "ERR_REISSUE_STORE_FULL";
      if (!isFull || answer.body === null) return failed(error);
      // Nobody is ever given more of it than its status.
      const { status } = answer;
      return this.#keep({ status, headers: [], trailers: [], body: null }, failed);
    });
  }

  /**
   * Told that its run has failed, though nobody knows after how much of its work: the next request runs, or, where that
   * may be done once only, every one is told that the outcome is unknown. Never rejects.
   *
   * @param status - What it was answered with.
   */
  fail(status: number): Awaitable<unknown> {
    if (this.guarantee === "at-least-once") return this.release();
    return this.complete({ status, headers: [], trailers: [], body: null });
  }

  /** Lets the next request with this key run. Never rejects: where the store fails, the lease has to run out first. */
  async release(): Promise<void> {
    if (!this.#settle()) return;
    try {
      const released = await this.#call(() => this.#settings.store.release(this));
      publish(this, released ? "released" : "lost");
    } catch (error) {
      this.#failed("release", error);
    }
  }

  /** Leaves it to its lease, since nobody knows whether the work was done. */
  abandon(): void {
    const wasOverrun = this.#timer === null;
    if (this.#settle() && !wasOverrun) publish(this, "abandoned");
  }

  /** Told by a store that has completed it together with the application's own work. */
  markCompleted(): void {
    if (this.#settle()) publish(this, "completed");
  }

  #keep(answer: Answer, onError: (error: unknown) => Awaitable<boolean>): Awaitable<boolean> {
    const { store, retentionMs } = this.#settings;
    return attempt(
      () => this.#call(() => store.complete(this, encodeAnswer(answer), retentionMs)),
      (kept) => {
        publish(this, kept ? "completed" : "lost");
        return kept;
      },
      onError,
    );
  }

  /** Ends the heartbeat. @returns false where it had been settled. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#timer !== null) this.#settings.clock.clearTimeout(this.#timer);
    this.#timer = null;
    return true;
  }

  #beat(delayMs: number): void {
    this.#timer = this.#settings.clock.setTimeout(() => void this.#renew(), delayMs);
    // The handler's own work keeps the process alive, if anything does.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #renew(): Promise<void> {
    const { clock, store, leaseMs } = this.#settings;
    const begunAtMs = clock.now();
    if (begunAtMs > this.#renewUntilMs) {
      // Not settled: its work may come to an end before anybody takes over, and must not be done again then.
      this.#timer = null;
      publish(this, "abandoned");
      return;
    }
    try {
      const renewed = await this.#call(() => store.renew(this, leaseMs));
      if (!renewed) {
        if (this.#settle()) publish(this, "lost");
        return;
      }
    } catch (error) {
      // The next renewal may still come in time.
      this.#failed("renew", error);
    }
    // What a renewal took is not added: after one that timed out the lease may have no more than a third left.
    if (!this.#settled) this.#beat(Math.max(0, leaseMs / 3 - (clock.now() - begunAtMs)));
  }

  #call<Result>(call: () => Awaitable<Result>): Awaitable<Result> {
    const { clock, storeTimeoutMs } = this.#settings;
    return storeCall(call, { clock, timeoutMs: storeTimeoutMs });
  }

  #failed(operation: "complete" | "release" | "renew", error: unknown): false {
    publish(this, "store-failed", { operation, error });
    return false;
  }
}
