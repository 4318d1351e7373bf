import { setMaxListeners } from "node:events";

import { attempt, type Awaitable } from "../../common/awaitable.ts";
import type { Timer } from "../../common/clock.ts";
import { encodeResponse, type StoredResponse } from "../store/stored-response.ts";
import { claimLostError } from "./claim-error.ts";
import type { ClaimConfig, Guarantee } from "./claim-config.ts";
import { publish } from "../../diagnostics/idempotency-channel.ts";
import { storeCall } from "./store-call.ts";
import { isFull } from "../store/store-error.ts";
import type { ClaimToken } from "../store/store.ts";

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
  readonly #settings: ClaimConfig;
  readonly #renewUntilMs: number;
  /** When the lease is over unless it is renewed once more. */
  #leaseEndsAtMs: number;
  /** Null once it beats no more. */
  #timer: Timer | null = null;
  #settled = false;
  #isAbandoned = false;
  #isLost = false;
  /** Null until somebody listens. */
  #loss: AbortController | null = null;

  constructor(token: ClaimToken, settings: ClaimConfig) {
    this.id = token.id;
    this.owner = token.owner;
    this.fence = token.fence;
    this.#settings = settings;
    const nowMs = settings.clock.now();
    this.#renewUntilMs = nowMs + settings.maxRunMs;
    this.#leaseEndsAtMs = nowMs + settings.leaseMs;
    this.#beat(settings.leaseMs / 3);
  }

  /** Whether it has been completed, released or abandoned, or was lost. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether another request with its key may run beside this one, or may do so soon: its {@link signal} is aborted. */
  get lost(): boolean {
    return this.#isLost;
  }

  /**
   * Aborts when the claim is lost, so that the handler can stop before another run does the same work: another request
   * has taken over, or may do so within a lease, because two renewals in a row have failed or the handler has run for
   * `maxRunMs`. Its reason is an error of http-errors' kind, a 409 with the code `ERR_REISSUE_CLAIM_LOST`.
   */
  get signal(): AbortSignal {
    if (this.#loss === null) {
      this.#loss = new AbortController();
      // All calls of a handler may listen, and Node warns of a leak at the eleventh.
      setMaxListeners(0, this.#loss.signal);
      if (this.#isLost) this.#abort(this.#loss);
    }
    return this.#loss.signal;
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
   * @returns whether it is kept. It is not where another has taken over, or where the store fails: it is tried again in
   * the background then, for as long as a lease. Never rejects, and is there at once where the store is.
   */
  complete(answer: StoredResponse): Awaitable<boolean> {
    if (!this.#settle()) return false;
    return this.#keep(answer, (error) => {
      if (!isFull(error) || answer.body === null) return this.#notKept(answer, error);
      const tombstone = withoutBody(answer);
      return this.#keep(tombstone, (failure) => this.#notKept(tombstone, failure));
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

  /**
   * Lets the next request with this key run. Never rejects: where the store fails, it is tried again in the background,
   * for as long as a lease.
   */
  async release(): Promise<void> {
    if (!this.#settle()) return;
    const { store, retries } = this.#settings;
    const call = (): Awaitable<boolean> => store.release(this);
    try {
      publish(this, (await this.#call(call)) ? "released" : "lost");
    } catch (error) {
      this.#failed("release", error);
      retries.repeat({ id: this.id, fence: this.fence, operation: "release", call });
    }
  }

  /**
   * Told that its request has been answered without its handler, which goes on: the lease is renewed until the handler
   * is done ({@link abandon}) or has run for `maxRunMs`, so that no other request runs beside it.
   */
  outlive(): void {
    if (!this.#settled) this.#sayAbandoned();
  }

  /** Leaves it to its lease, since nobody knows whether the work was done. */
  abandon(): void {
    if (this.#settle()) this.#sayAbandoned();
  }

  /** Told by a store that has completed it together with the application's own work. */
  markCompleted(): void {
    if (this.#settle()) publish(this, "completed");
  }

  #keep(
    answer: StoredResponse,
    onError: (error: unknown) => Awaitable<boolean>,
  ): Awaitable<boolean> {
    const { store, retentionMs } = this.#settings;
    return attempt(
      () => this.#call(() => store.complete(this, encodeResponse(answer), retentionMs)),
      (kept) => {
        publish(this, kept ? "completed" : "lost");
        return kept;
      },
      onError,
    );
  }

  /** Keeps it later, in the background; where that cannot be, that there was one. */
  #notKept(answer: StoredResponse, error: unknown): false {
    const isRepeated = !isFull(error) && this.#keepLater(answer);
    if (!isRepeated && answer.body !== null) this.#keepLater(withoutBody(answer));
    return this.#failed("complete", error);
  }

  #keepLater(answer: StoredResponse): boolean {
    const { id, fence } = this;
    const { store, retentionMs, retries } = this.#settings;
    let bytes: Uint8Array;
    try {
      bytes = encodeResponse(answer);
    } catch {
      return false;
    }
    const call = (): Awaitable<boolean> => store.complete(this, bytes, retentionMs);
    return retries.repeat({ id, fence, operation: "complete", bytes: bytes.length, call });
  }

  /** Ends the heartbeat. @returns false where it had been settled. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    if (this.#timer !== null) this.#settings.clock.clearTimeout(this.#timer);
    this.#timer = null;
    return true;
  }

  #sayAbandoned(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    publish(this, "abandoned");
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    if (this.#loss !== null) this.#abort(this.#loss);
  }

  #abort(loss: AbortController): void {
    loss.abort(claimLostError(this.#settings.retryAfterSeconds));
  }

  #beat(delayMs: number): void {
    const { clock } = this.#settings;
    // The handler's own work keeps the process alive, if anything does.
    this.#timer = clock.setTimeout(() => void this.#renew(), delayMs, { background: true });
  }

  async #renew(): Promise<void> {
    const { clock, store, leaseMs } = this.#settings;
    const begunAtMs = clock.now();
    if (begunAtMs > this.#renewUntilMs) {
      // Not settled: its work may come to an end before anybody takes over, and must not be done again then.
      this.#timer = null;
      this.#sayAbandoned();
      this.#lose();
      return;
    }
    try {
      const renewed = await this.#call(() => store.renew(this, leaseMs));
      if (renewed) {
        this.#leaseEndsAtMs = begunAtMs + leaseMs;
      } else {
        if (this.#settle()) {
          publish(this, "lost");
          this.#lose();
        }
        return;
      }
    } catch (error) {
      // The next renewal may still come in time.
      this.#failed("renew", error);
    }
    if (this.#settled) return;
    // What a renewal took is not added: after one that timed out the lease may have no more than a third left.
    const delayMs = Math.max(0, leaseMs / 3 - (clock.now() - begunAtMs));
    if (clock.now() + delayMs >= this.#leaseEndsAtMs) this.#lose();
    this.#beat(delayMs);
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

/** What is kept of an answer for which there is no room: that there was one. */
function withoutBody({ status }: StoredResponse): StoredResponse {
  return { status, headers: [], trailers: [], body: null };
}
