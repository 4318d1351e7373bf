import type { AsyncResource } from "node:async_hooks";
import type { Duplex } from "node:stream";

import type { AttemptMessage, AttemptRecord, Clock, Evidence, Failure } from "@reissue/core";
import { crossedTimeout } from "@reissue/core/internal";

import { DiscardLimit } from "../response/discard-limit.ts";
import {
  endsConnection,
  hasContent,
  isWholeWithoutContent,
} from "../response/retryable-response.ts";
import type { InContext } from "./async-context.ts";
import type { Origin } from "../origin/origin.ts";
import type { Connection, ActiveRequest, Reading } from "../origin/connection.ts";
import type { Pool } from "../origin/pool.ts";
import { declaredLength, type RawHeaders } from "../headers/raw-headers.ts";
import type { ProgressStep } from "../response/progress-handler.ts";
import { ResponsePause } from "../response/response-pause.ts";
import { undici } from "../undici.ts";

type Death = Pick<Connection, "diedAtMs" | "diedIn">;

/** Receiver of the events of an attempt. */
export interface AttemptOwner extends InContext {
  /** Whether the request may be resent after it was written. */
  readonly retrySafe: boolean;
  /** The request's method, in capitals. */
  readonly method: string;
  /** Limits of the call's attempts, which know whether the caller reads the response. */
  readonly timeout: Reading;
  onProgress(step: ProgressStep, chunk?: Uint8Array | string): void;
  onHeaders(
    attempt: Attempt,
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(attempt: Attempt, trailers: RawHeaders): void;
  onUpgrade(attempt: Attempt, status: number, headers: RawHeaders, socket: Duplex): void;
  /** Called when the attempt has failed; calls {@link Attempt.returnConnection} or {@link Attempt.giveBack}. */
  onFailure(attempt: Attempt, error: Error): void;
  /** Ends the whole call. */
  abort(reason: Error): void;
}

/**
 * One send of a request on one connection: turns undici's events into facts, and returns the connection.
 *
 * The innermost handler of undici, since only that one gets the first response byte.
 */
export class Attempt implements ActiveRequest {
  /** Discriminator of `CallState`: the attempt is the state of its call while it is under way. */
  readonly state = "sending";
  /** Error that the caller, or the source of its body, has ended the call with. */
  abortReason: Error | null = null;
  /** Whether the attempt's time is over. */
  timedOut = false;
  /** 1 for the first send of the call. */
  readonly number: number;
  readonly startedAtMs: number;
  /** Instant at which the connection was found, in ms of the clock; before it, the call waited in the pool's queue. */
  readonly handedOverAtMs: number;
  readonly connection: Connection;
  readonly context: AsyncResource;
  readonly #pool: Pool;
  readonly #owner: AttemptOwner;
  readonly #clock: Clock;
  /** Whether the connection was established when the request was handed over. */
  readonly #pooled: boolean;
  #abort: ((reason?: Error) => void) | null = null;
  /** When the request was written, in ms of the clock; null before. */
  #writtenAtMs: number | null = null;
  /** Event loop turn of that instant; NaN where the request is not retry-safe, and loss must not be assumed easily. */
  #writtenIn = NaN;
  /** Idle time of the connection when the request was written, in ms; null on a fresh one. */
  idleMs: number | null = null;
  #responseStarted = false;
  /** Whether the response crossed the request on its way, and is no response to it. */
  #crossed = false;
  /** Whether an interim response has come. */
  #hasInterim = false;
  #status: number | null = null;
  #aborting = false;
  #ended = false;
  /** Bytes of content so far. */
  #receivedBytes = 0;
  /** Bytes of content that the response declares; NaN for none. */
  declaredBytes: number = NaN;
  readonly pause: ResponsePause = new ResponsePause();
  /** Set once the rest of the response is unwanted. */
  #discard: DiscardLimit | null = null;
  /** Message that diagnostics subscribers got at the start; null without subscribers. */
  message: AttemptMessage | null = null;

  constructor(
    owner: AttemptOwner,
    origin: Origin,
    connection: Connection,
    number: number,
    startedAtMs: number,
    handedOverAtMs: number,
  ) {
    this.#owner = owner;
    this.#pool = origin.pool;
    this.connection = connection;
    this.context = owner.context;
    this.number = number;
    this.startedAtMs = startedAtMs;
    this.handedOverAtMs = handedOverAtMs;
    this.#clock = origin.clock;
    this.#pooled = connection.open;
    origin.totals.attempts += 1;
  }

  /** Whether connecting failed, as opposed to a pooled socket that died. */
  get neverConnected(): boolean {
    return this.#writtenAtMs === null && !this.#pooled;
  }

  /** Whether a pooled socket died before undici had begun to write the request on it. */
  get neverBegun(): boolean {
    return this.#pooled && !this.connection.writtenOn;
  }

  get unreadSinceMs(): number | null {
    return this.#reports ? this.#owner.timeout.unreadSinceMs : null;
  }

  /** Whether the owner still gets events: a response may come before the end of the request. */
  get #reports(): boolean {
    return !this.#ended && this.#discard === null;
  }

  /** Evidence of the request's fate, for the classifier. */
  evidence({ diedAtMs, diedIn }: Death = this.connection): Evidence {
    if (this.#writtenAtMs === null) return { written: false };
    return {
      written: true,
      reused: this.idleMs !== null,
      responseStarted: this.#responseStarted,
      diedAfterMs: diedAtMs === null ? undefined : diedAtMs - this.#writtenAtMs,
      seenAtOnce: diedIn === this.#writtenIn,
      roundTripMs: this.connection.roundTripMs,
    };
  }

  /** Failure that the response stands for, where it crossed the request and is no response to it; else null. */
  crossedBy(status: number, headers: RawHeaders): Failure | null {
    if (!endsConnection(status, headers)) return null;
    const evidence = this.evidence({ diedAtMs: this.#clock.now(), diedIn: this.#pool.turns.count });
    const failure = crossedTimeout({ ...evidence, responseStarted: this.#hasInterim });
    this.#crossed = failure !== null;
    return failure;
  }

  /** Record of the attempt, for errors and diagnostics. */
  record(failure: Failure | null, error: unknown): AttemptRecord {
    return {
      attempt: this.number,
      startedAtMs: this.startedAtMs,
      durationMs: this.#clock.now() - this.startedAtMs,
      reused: this.#writtenAtMs !== null ? this.idleMs !== null : null,
      idleMs: this.idleMs ?? (this.neverBegun ? this.connection.idleMsAt(this.#clock.now()) : null),
      failure,
      status: this.#status,
      error,
      repeats: 0,
    };
  }

  /** Ends the attempt now; the owner gets a failure with `reason`. */
  abort(reason: Error): void {
    if (this.#ended) return;
    this.#aborting = true;
    if (this.#abort === null) this.#pool.discard(this.connection, reason);
    else this.#abort(reason);
  }

  /** Ends the whole call, or the rest of a response that is unwanted. */
  abortCall(error: Error): void {
    if (this.#discard === null) this.#owner.abort(error);
    else this.abort(error);
  }

  /** Drops the rest of the response, and keeps the connection if the rest is short and comes soon. */
  discard(): void {
    this.#discard = new DiscardLimit(this.#clock, (error) => this.abort(error));
  }

  onConnect(abort: (reason?: Error) => void): void {
    const { connection } = this;
    connection.writtenOn = true;
    this.#abort = abort;
    this.#responseStarted = false;
    this.#hasInterim = false;
    this.idleMs = null;
    const nowMs = this.#clock.now();
    if (connection.served > 0) {
      this.idleMs = nowMs - connection.idleSinceMs;
      if (this.#owner.retrySafe) this.#writtenIn = this.#pool.turns.mark();
      if (!this.#owner.retrySafe && this.idleMs > this.#pool.unsafeLimitMs(connection, nowMs)) {
        // The connection was recently used when it was chosen; then something blocked the process. Nothing is written
        // yet.
        return abort(new (undici().errors.SocketError)("the connection has been idle too long"));
      }
      if (!this.#owner.retrySafe && connection.hasUnread) {
        connection.writtenOn = false;
        return abort(new (undici().errors.SocketError)("the connection has ended"));
      }
    }
    this.#writtenAtMs = nowMs;
  }

  onBodySent(chunk: Uint8Array | string): void {
    if (this.#reports) this.#owner.onProgress("onBodySent", chunk);
  }

  onRequestSent(): void {
    if (this.#reports) this.#owner.onProgress("onRequestSent");
  }

  onResponseStarted(): void {
    this.#responseStarted = true;
    if (this.#reports) this.#owner.onProgress("onResponseStarted");
  }

  onHeaders(status: number, headers: RawHeaders, resume: () => void, statusText: string): boolean {
    if (status < 200) this.#hasInterim = true;
    else {
      this.#status = status;
      if (hasContent(status, this.#owner.method)) this.declaredBytes = declaredLength(headers);
    }
    this.pause.begin(resume);
    return this.#owner.onHeaders(this, status, headers, resume, statusText);
  }

  onData(chunk: Buffer): boolean {
    this.#receivedBytes += chunk.length;
    if (this.#discard === null) return this.pause.goesOn(this.#owner.onData(chunk));
    this.#discard.check(this.#receivedBytes);
    return true;
  }

  onComplete(trailers: RawHeaders): void {
    // Under HTTP/2, undici treats a stream that was reset with NO_ERROR or CANCEL as complete.
    if (this.#receivedBytes < this.declaredBytes) {
      return this.onError(new (undici().errors.ResponseContentLengthMismatchError)());
    }
    this.#end();
    this.connection.completing = true;
    this.#pool.returnUsed(this.connection, this.#crossed ? null : this.idleMs);
    this.connection.noteExchange(this.connection.idleSinceMs - this.#writtenAtMs!);
    if (this.#discard === null) this.#owner.onComplete(this, trailers);
    this.connection.completing = false;
  }

  onUpgrade(status: number, headers: RawHeaders, socket: Duplex): void {
    this.#end();
    this.#status = status;
    this.#pool.detach(this.connection);
    this.#owner.onUpgrade(this, status, headers, socket);
  }

  onError(error: Error): void {
    // After its end, the connection may have another request.
    if (this.#ended) return;
    this.#end();
    if (isWholeWithoutContent(this.#status, error)) {
      this.#pool.discard(this.connection, null);
      if (this.#discard === null) this.#owner.onComplete(this, []);
      return;
    }
    if (this.#discard !== null) return this.returnConnection();
    this.connection.completing = true;
    this.context.runInAsyncScope(() => this.#owner.onFailure(this, error));
    this.connection.completing = false;
  }

  /** Returns the connection, on which the upstream has refused the request but may accept others. */
  giveBack(): void {
    if (this.connection.open) this.#pool.returnUsed(this.connection, this.idleMs);
    else this.returnConnection();
  }

  /** Gives up the connection that the attempt failed on, once everything has been learned from it. */
  returnConnection(): void {
    const untouched = this.#abort === null && !this.#aborting && this.connection.open;
    // Undici refused the request itself, for example for a bad header: the connection is in order.
    if (untouched) this.#pool.returnUnused(this.connection);
    else this.#pool.discard(this.connection, null);
  }

  #end(): void {
    this.#ended = true;
    this.#discard?.stop();
  }
}
