import type { AsyncResource } from "node:async_hooks";
import type { Duplex } from "node:stream";

import type { AttemptMessage, AttemptRecord, Clock, Evidence, Failure } from "@reissue/core";
import { crossedTimeout } from "@reissue/core/internal";
import { errors } from "undici";

import { DiscardLimit } from "../response/discard-limit.ts";
import {
  endsConnection,
  hasContent,
  isWholeWithoutContent,
} from "../response/retryable-response.ts";
import type { InContext } from "./async-context.ts";
import type { Origin } from "../origin/origin.ts";
import type { Connection, ActiveRequest } from "../origin/connection.ts";
import type { Pool } from "../origin/pool.ts";
import { declaredLength, type RawHeaders } from "../headers/raw-headers.ts";
import type { ProgressStep } from "../response/progress-handler.ts";

/** Who an attempt reports to. */
export interface AttemptOwner extends InContext {
  /** Whether the request may be sent again after it was written. */
  readonly retrySafe: boolean;
  /** The request's method, in capitals. */
  readonly method: string;
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
  /** It failed; who is told calls {@link Attempt.returnConnection} or {@link Attempt.giveBack}. */
  onFailure(attempt: Attempt, error: Error): void;
  /** Ends the whole call. */
  abort(reason: Error): void;
}

/**
 * One send of a request on one connection: turns what undici reports into facts, and gives the connection back.
 *
 * It is undici's innermost handler, since only that one hears of the first response byte.
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
  /** When its connection was found; what came before was waiting in line. */
  readonly handedOverAtMs: number;
  readonly connection: Connection;
  readonly context: AsyncResource;
  readonly #pool: Pool;
  readonly #owner: AttemptOwner;
  readonly #clock: Clock;
  /** Whether a socket stood when the request was handed over. */
  readonly #pooled: boolean;
  #abort: ((reason?: Error) => void) | null = null;
  /** When the request was written, in ms of the clock; null before. */
  #writtenAtMs: number | null = null;
  /** In which turn of the event loop that was; NaN where it is not retry-safe, and may not be taken for lost so easily. */
  #writtenIn = NaN;
  #idleMs: number | null = null;
  #responseStarted = false;
  /** Whether its answer crossed the request and does not answer it. */
  #crossed = false;
  /** Whether an interim answer has come. */
  #informed = false;
  #status: number | null = null;
  #aborting = false;
  #ended = false;
  /** How many bytes of content have come. */
  #receivedBytes = 0;
  /** How many bytes of content the answer declares; NaN where it declares none. */
  declaredBytes: number = NaN;
  /** Set once the rest of the response is unwanted. */
  #discard: DiscardLimit | null = null;
  /** What diagnostics subscribers were told at the start; null when nobody listened. */
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
  }

  /** How long the connection had been idle when the request was written, in ms; null on a fresh one. */
  get idleMs(): number | null {
    return this.#idleMs;
  }

  /** Whether it met a connect that failed, as opposed to a pooled socket that died. */
  get neverConnected(): boolean {
    return this.#writtenAtMs === null && !this.#pooled;
  }

  /** Whether a pooled socket died before undici had begun to write the request on it. */
  get neverBegun(): boolean {
    return this.#pooled && !this.connection.writtenOn;
  }

  /** Whether its owner still wants to hear of it: a response may come before the end of the request. */
  get #reports(): boolean {
    return !this.#ended && this.#discard === null;
  }

  /** What is known of the request's fate, for the classifier. */
  get evidence(): Evidence {
    return this.#evidenceOf(this.connection.diedAtMs, this.connection.diedIn);
  }

  #evidenceOf(diedAtMs: number | null, diedIn: number): Evidence {
    if (this.#writtenAtMs === null) return { written: false };
    return {
      written: true,
      reused: this.#idleMs !== null,
      responseStarted: this.#responseStarted,
      diedAfterMs: diedAtMs === null ? undefined : diedAtMs - this.#writtenAtMs,
      seenAtOnce: diedIn === this.#writtenIn,
      roundTripMs: this.connection.roundTripMs,
    };
  }

  /** The failure that its answer stands for, where that crossed the request and does not answer it. */
  crossedBy(status: number, headers: RawHeaders): Failure | null {
    if (!endsConnection(status, headers)) return null;
    const known = this.#evidenceOf(this.#clock.now(), this.#pool.turns.count);
    const failure = crossedTimeout({ ...known, responseStarted: this.#informed });
    this.#crossed = failure !== null;
    return failure;
  }

  /** The attempt as it is told to people. */
  record(failure: Failure | null, error: unknown): AttemptRecord {
    return {
      attempt: this.number,
      startedAtMs: this.startedAtMs,
      durationMs: this.#clock.now() - this.startedAtMs,
      reused: this.#writtenAtMs !== null ? this.#idleMs !== null : null,
      idleMs: this.#idleMs,
      failure,
      status: this.#status,
      error,
    };
  }

  /** Ends it now; the owner hears of it as a failure with `reason`. */
  abort(reason: Error): void {
    if (this.#ended) return;
    this.#aborting = true;
    if (this.#abort === null) this.#pool.discard(this.connection, reason);
    else this.#abort(reason);
  }

  /** Ends the whole call, or what is left of an answer that nobody wants. */
  abortCall(error: Error): void {
    if (this.#discard === null) this.#owner.abort(error);
    else this.abort(error);
  }

  /** Lets the rest of the answer go to nobody, and keeps the connection if the rest is short and comes soon. */
  discard(): void {
    this.#discard = new DiscardLimit(this.#clock, (error) => this.abort(error));
  }

  onConnect(abort: (reason?: Error) => void): void {
    const { connection } = this;
    connection.writtenOn = true;
    this.#abort = abort;
    this.#responseStarted = false;
    this.#informed = false;
    this.#idleMs = null;
    const nowMs = this.#clock.now();
    if (connection.served > 0) {
      this.#idleMs = nowMs - connection.idleSinceMs;
      if (this.#owner.retrySafe) this.#writtenIn = this.#pool.turns.mark();
      if (!this.#owner.retrySafe && this.#idleMs > this.#pool.unsafeLimitMs(connection, nowMs)) {
        // It was hot when it was chosen; something held the process up since. Nothing has been written yet.
        return abort(new errors.SocketError("the connection has been idle too long"));
      }
      if (!this.#owner.retrySafe && connection.hasUnread) {
        connection.writtenOn = false;
        return abort(new errors.SocketError("the connection has ended"));
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
    if (status < 200) {
      this.#informed = true;
    } else {
      this.#status = status;
      if (hasContent(status, this.#owner.method)) this.declaredBytes = declaredLength(headers);
    }
    return this.#owner.onHeaders(this, status, headers, resume, statusText);
  }

  onData(chunk: Buffer): boolean {
    this.#receivedBytes += chunk.length;
    if (this.#discard === null) return this.#owner.onData(chunk);
    this.#discard.check(this.#receivedBytes);
    return true;
  }

  onComplete(trailers: RawHeaders): void {
    // Under HTTP/2 undici takes a stream for ended that was reset with NO_ERROR or CANCEL.
    if (this.#receivedBytes < this.declaredBytes) {
      return this.onError(new errors.ResponseContentLengthMismatchError());
    }
    this.#end();
    this.connection.completing = true;
    this.#pool.returnUsed(this.connection, this.#crossed ? null : this.#idleMs);
    this.connection.takeExchange(this.connection.idleSinceMs - this.#writtenAtMs!);
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
    // After its end the connection is somebody else's.
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

  /** Gives back the connection, on which the upstream has refused the request and may well take others. */
  giveBack(): void {
    if (this.connection.open) this.#pool.returnUsed(this.connection, this.#idleMs);
    else this.returnConnection();
  }

  /** Gives up the connection that it failed on, once all has been learned from it. */
  returnConnection(): void {
    const untouched = this.#abort === null && !this.#aborting && this.connection.open;
    // Undici refused the request itself, say for a bad header: nothing is wrong with the connection.
    if (untouched) this.#pool.returnUnused(this.connection);
    else this.#pool.discard(this.connection, null);
  }

  #end(): void {
    this.#ended = true;
    this.#discard?.stop();
  }
}
