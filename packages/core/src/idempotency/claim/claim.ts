import { setMaxListeners } from "node:events";

import { attempt, type Awaitable } from "../../common/awaitable.ts";
import type { Timer } from "../../common/clock.ts";
import { encodeResponse, type StoredResponse } from "../store/stored-response.ts";
import { claimLostError } from "./claim-error.ts";
import type { ClaimConfig, Guarantee } from "./claim-config.ts";
import { publish } from "../../diagnostics/idempotency-channel.ts";
import type { IdempotencyEvent } from "../../diagnostics/idempotency-event.ts";
import { processGates } from "../../diagnostics/process-counts.ts";
import { storeCall } from "./store-call.ts";
import { isFull } from "../store/store-error.ts";
import type { ClaimToken } from "../store/store.ts";

/**
 * Right of a keyed request to run, held until it is settled.
 *
 * A heartbeat renews the lease three times in its length, so that one lost renewal does no harm. It stops after
 * `maxRunMs`: a handler that never ends would otherwise hold its key for ever. A later response is still stored, unless
 * another request has taken over.
 */
export class Claim implements ClaimToken {
  readonly id: string;
  readonly owner: string;
  readonly fence: number;
  readonly #settings: ClaimConfig;
  readonly #renewUntilMs: number;
  /** End of the lease unless it is renewed, in ms of the clock. */
  #leaseEndsAtMs: number;
  /** Null once the heartbeat has stopped. */
  #timer: Timer | null = null;
  #settled = false;
  #isAbandoned = false;
  #isLost = false;
  /** Null until the signal is read. */
  #loss: AbortController | null = null;

  constructor(token: ClaimToken, settings: ClaimConfig) {
    this.id = token.id;
    this.owner = token.owner;
    this.fence = token.fence;
    this.#settings = settings;
    countRun(settings, 1);
    const nowMs = settings.clock.now();
    this.#renewUntilMs = nowMs + settings.maxRunMs;
    this.#leaseEndsAtMs = nowMs + settings.leaseMs;
    this.#beat(settings.leaseMs / 3);
  }

  /** Whether the claim was completed, released, abandoned or lost. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Whether another request with this key may run at the same time, now or soon: the {@link signal} is aborted. */
  get lost(): boolean {
    return this.#isLost;
  }

  /**
   * Aborts when the claim is lost, so that the handler can stop before another run does the same work: another request
   * has taken over, or may do so within a lease, because two consecutive renewals have failed or the handler has run
   * for `maxRunMs`. The reason is an error of http-errors' kind, a 409 with the code `ERR_REISSUE_CLAIM_LOST`.
   */
  get signal(): AbortSignal {
    if (this.#loss === null) {
      this.#loss = new AbortController();
      // All calls of a handler may listen; Node would warn of a leak at the eleventh.
      setMaxListeners(0, this.#loss.signal);
      if (this.#isLost) this.#abort(this.#loss);
    }
    return this.#loss.signal;
  }

  /** Guarantee of the key where it is unknown how far the work came. */
  get guarantee(): Guarantee {
    return this.#settings.guarantee;
  }

  /** Time for which the response is remembered, in ms. */
  get retentionMs(): number {
    return this.#settings.retentionMs;
  }

  /**
   * Stores the response for retries; without room for its body, only that there was one.
   *
   * @returns whether the response is stored: false where another request has taken over, or the store fails, which is
   *   then retried in the background for as long as a lease. Never rejects, and returns no promise if the store does
   *   not.
   */
  complete(response: StoredResponse): Awaitable<boolean> {
    if (!this.#settle()) return false;
    return this.#store(response, (error) => {
      if (!isFull(error) || response.body === null) return this.#onNotStored(response, error);
      const tombstone = withoutBody(response);
      return this.#store(tombstone, (failure) => this.#onNotStored(tombstone, failure));
    });
  }

  /**
   * Ends a run that has failed after an unknown part of its work: the next request runs, or, where the work may be done
   * only once, every retry is told that the outcome is unknown. Never rejects.
   *
   * @param status - Status of the response.
   */
  fail(status: number): Awaitable<unknown> {
    if (this.guarantee === "at-least-once") return this.release();
    return this.complete({ status, headers: [], trailers: [], body: null });
  }

  /**
   * Releases the key, so that the next request with it runs. Never rejects: if the store fails, it is retried in the
   * background for as long as a lease.
   */
  async release(): Promise<void> {
    if (!this.#settle()) return;
    const { store, retries } = this.#settings;
    const call = (): Awaitable<boolean> => store.release(this);
    try {
      this.#publish((await this.#call(call)) ? "released" : "lost");
    } catch (error) {
      this.#failed("release", error);
      retries.repeat({ id: this.id, fence: this.fence, operation: "release", call });
    }
  }

  /**
   * Keeps the claim beyond the response, which was sent without the handler's end: the lease is renewed until the
   * handler ends ({@link abandon}) or has run for `maxRunMs`, so that no other request runs at the same time.
   */
  outlive(): void {
    if (!this.#settled) this.#publishAbandoned();
  }

  /** Leaves the claim to its lease, since it is unknown whether the work was done. */
  abandon(): void {
    if (this.#settle()) this.#publishAbandoned();
  }

  /** Marks the claim as completed by a store, together with the application's own work. */
  markCompleted(): void {
    if (this.#settle()) this.#publish("completed");
  }

  #store(
    response: StoredResponse,
    onError: (error: unknown) => Awaitable<boolean>,
  ): Awaitable<boolean> {
    const { store, retentionMs } = this.#settings;
    return attempt(
      () => this.#call(() => store.complete(this, encodeResponse(response), retentionMs)),
      (isStored) => {
        this.#publish(isStored ? "completed" : "lost");
        return isStored;
      },
      onError,
    );
  }

  /** Stores the response later, in the background; where that is impossible, only that there was one. */
  #onNotStored(response: StoredResponse, error: unknown): false {
    const isRepeated = !isFull(error) && this.#storeLater(response);
    if (!isRepeated && response.body !== null) this.#storeLater(withoutBody(response));
    return this.#failed("complete", error);
  }

  #storeLater(response: StoredResponse): boolean {
    const { id, fence } = this;
    const { store, retentionMs, retries } = this.#settings;
    let bytes: Uint8Array;
    try {
      bytes = encodeResponse(response);
    } catch {
      return false;
    }
    const call = (): Awaitable<boolean> => store.complete(this, bytes, retentionMs);
    return retries.repeat({ id, fence, operation: "complete", bytes: bytes.length, call });
  }

  /** Ends the heartbeat. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    countRun(this.#settings, -1);
    if (this.#timer !== null) this.#settings.clock.clearTimeout(this.#timer);
    this.#timer = null;
    return true;
  }

  #publish(event: IdempotencyEvent): void {
    publish(this, event, this.#settings.counts);
  }

  #publishAbandoned(): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    this.#publish("abandoned");
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
      // Not settled: the work may end before another request takes over, and must not be repeated then.
      this.#timer = null;
      this.#publishAbandoned();
      this.#lose();
      return;
    }
    try {
      const renewed = await this.#call(() => store.renew(this, leaseMs));
      if (renewed) {
        this.#leaseEndsAtMs = begunAtMs + leaseMs;
      } else {
        if (this.#settle()) {
          this.#publish("lost");
          this.#lose();
        }
        return;
      }
    } catch (error) {
      // The next renewal may still succeed in time.
      this.#failed("renew", error);
    }
    if (this.#settled) return;
    // The duration of the renewal is subtracted: after one that timed out, no more than a third of the lease may be
    // left.
    const delayMs = Math.max(0, leaseMs / 3 - (clock.now() - begunAtMs));
    if (clock.now() + delayMs >= this.#leaseEndsAtMs) this.#lose();
    this.#beat(delayMs);
  }

  #call<Result>(call: () => Awaitable<Result>): Awaitable<Result> {
    const { clock, storeTimeoutMs } = this.#settings;
    return storeCall(call, { clock, timeoutMs: storeTimeoutMs });
  }

  #failed(operation: "complete" | "release" | "renew", error: unknown): false {
    publish(this, "store-failed", this.#settings.counts, { operation, error });
    return false;
  }
}

/** Counts a run that begins (1) or ends (-1). */
function countRun({ counts }: ClaimConfig, change: 1 | -1): void {
  counts.runs += change;
  processGates.claims.runs += change;
}

/** Stored form of a response for which there is no room: that there was one. */
function withoutBody({ status }: StoredResponse): StoredResponse {
  return { status, headers: [], trailers: [], body: null };
}
