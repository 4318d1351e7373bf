import { AsyncResource } from "node:async_hooks";
import type { Duplex } from "node:stream";

import {
  classify,
  type AttemptRecord,
  type Decision,
  type Failure,
  type Outcome,
} from "@reissue/core";
import { RetryHistory } from "@reissue/core/internal";
import type { Dispatcher } from "undici";

import { abortReason, onAbort } from "./abort-listener.ts";
import { responseOutcome, failureOutcome } from "../response/retryable-response.ts";
import { AttemptTimeout, isTimeout, timeoutError } from "./attempt-timeout.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { CallHost, PendingCall } from "./call-host.ts";
import type { CallRequest } from "./call-request.ts";
import { Connection } from "../origin/connection.ts";
import type { ConnectionPreference, Waiter } from "../origin/waiter.ts";
import type { RawHeaders } from "../headers/raw-headers.ts";
import { ResponseRelay, type RelayOwner } from "../response/response-relay.ts";
import type { ProgressStep } from "../response/progress-handler.ts";
import type { ResponseHandler } from "../response/response-handler.ts";
import { traceEnd, traceStart } from "./trace.ts";
import { Wait } from "./wait.ts";

/** What is known where time runs out on a response that is held. */
const heldTimeout = { delivered: false, timedOut: true, phase: "response-body" } as const;

/** What is known where time runs out before a connection stands that was being opened for the call. */
const connectTimeout = { phase: "connect" } as const;

/** One call from its first send to its last: sends, listens, decides, sends again, and gives the answer to the caller. */
export class Call implements Waiter, AttemptOwner, PendingCall, RelayOwner {
  /** Made with the call: afterwards it may go on in events that belong to others. */
  readonly context: AsyncResource = new AsyncResource("reissue.call");
  bagIndex = -1;
  place = -1;
  readonly #host: CallHost;
  readonly #request: CallRequest;
  readonly #relay: ResponseRelay;
  readonly #history: RetryHistory;
  /** What the attempt under way, or the one being waited for, needs. */
  preference: ConnectionPreference = "any";
  #attempt: Attempt | null = null;
  readonly #timeout: AttemptTimeout;
  readonly #wait: Wait;
  #abortReason: Error | null = null;
  #timedOut = false;
  #ended = false;
  #stopListening: (() => void) | null = null;

  constructor(host: CallHost, request: CallRequest, handler: ResponseHandler) {
    this.#host = host;
    this.#request = request;
    this.#relay = new ResponseRelay(this, handler, request.step);
    this.#history = new RetryHistory(request.options.redirected === true);
    this.#timeout = new AttemptTimeout(request, this);
    this.#wait = new Wait(host, request, this);
  }

  /** Whether the request may be sent again after it was written. */
  get retrySafe(): boolean {
    return this.#request.retrySafe;
  }

  /** The request's method, in capitals. */
  get method(): string {
    return this.#request.options.method;
  }

  get #defaultPreference(): ConnectionPreference {
    return this.retrySafe ? "any" : "hot";
  }

  /** Tells the caller that it has begun, and sends for the first time. */
  start(nowMs: number): void {
    const { origin, signal } = this.#request;
    origin.begin(nowMs);
    this.#relay.begin((reason) => this.abort(reason));
    if (signal !== undefined && !this.#ended) {
      this.#stopListening = onAbort(signal, (reason) => this.abort(reason));
    }
    if (!this.#ended) this.#send(this.#defaultPreference, nowMs);
  }

  /** Ends the call at once, whatever it is doing; the caller hears of it as an error. */
  abort(given: unknown): void {
    if (this.#ended) return;
    const reason = abortReason(given);
    this.#abortReason = reason;
    if (this.#attempt === null) this.#fail(reason);
    else this.#attempt.abort(reason);
  }

  onExpire(error: Error): void {
    if (this.#attempt === null) return this.#neverSent(error, "pool");
    this.#timedOut = true;
    this.#attempt.abort(error);
  }

  /** Sends again if that is allowed, and else gives what has come: a response that goes on coming is no failure. */
  onHoldExpire(): void {
    const attempt = this.#attempt!;
    const error = timeoutError();
    const failure = classify(error, { ...attempt.evidence, ...heldTimeout });
    const record = attempt.record(failure, error);
    if (this.#resendInstead(attempt, { type: "failure", failure }, record)) return;
    this.#timeout.giveHeld(() => this.#relay.release());
  }

  onGiven(): void {
    this.#end();
  }

  onConnection(connection: Connection): void {
    const { pool, clock, breaker } = this.#request.origin;
    this.#wait.end();
    const nowMs = clock.now();
    if (!this.#timeout.isOver(nowMs)) return this.#dispatch(connection, nowMs);
    // Once undici had it, the timer could only end it together with the connection, and may find it written.
    breaker.cancelProbe(this);
    pool.returnUnused(connection);
    this.#neverSent(timeoutError(), "pool");
  }

  onRefused(error: unknown): void {
    // What another call met while it connected.
    this.#neverSent(error, isTimeout(error) ? "connect" : undefined);
  }

  onProgress(step: ProgressStep, chunk?: Uint8Array | string): void {
    if (step !== "onResponseStarted") this.#timeout.sent();
    this.#relay.tell(step, chunk);
  }

  onHeaders(
    attempt: Attempt,
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean {
    if (status < 200) {
      this.#relay.forwardInformational(status, headers, resume, statusText);
      return true;
    }
    this.#wait.onOutcome(true);
    attempt.connection.takeHint(headers);
    const { origin, policy } = this.#request;
    const crossed = attempt.crossedBy(status, headers);
    if (crossed !== null) origin.learnFrom(this, attempt, crossed, null);
    const outcome =
      responseOutcome(status, headers, policy.retryOn, origin.clock) ?? failureOutcome(crossed);
    if (outcome !== null && this.#resendInstead(attempt, outcome, attempt.record(crossed, null))) {
      return true;
    }
    if (this.retrySafe && attempt.declaredBytes <= origin.settings.holdBytes) {
      this.#timeout.hold();
      this.#relay.buffer(status, headers, this.#timeout.resuming(resume), statusText);
      return true;
    }
    this.#timeout.give();
    const resuming = this.#timeout.resuming(resume);
    return this.#timeout.received(
      this.#relay.forwardHeaders(status, headers, resuming, statusText),
    );
  }

  onData(chunk: Buffer): boolean {
    return this.#timeout.received(this.#relay.data(chunk));
  }

  onComplete(attempt: Attempt, trailers: RawHeaders): void {
    this.#endAttempt(attempt, null);
    this.#relay.complete(trailers);
    // Its caller has paused it.
    if (!this.#ended) this.#wait.begin();
  }

  onUpgrade(attempt: Attempt, status: number, headers: RawHeaders, socket: Duplex): void {
    this.#endAttempt(attempt, null);
    this.#relay.upgrade(status, headers, socket);
  }

  onFailure(attempt: Attempt, error: Error): void {
    const { origin, body } = this.#request;
    // The caller's own source failed: no failure of the upstream's, whatever it looks like.
    if (body.failedWith(error)) this.#abortReason ??= error;
    const failure = classify(error, {
      ...attempt.evidence,
      delivered: this.#relay.delivered,
      aborted: this.#abortReason !== null,
      timedOut: this.#timedOut,
      ...(this.#timedOut && this.#relay.holding ? heldTimeout : null),
      ...(this.#timedOut && attempt.neverConnected ? connectTimeout : null),
    });
    this.#relay.drop();
    origin.learnFrom(this, attempt, failure, error);
    if (failure.kind === "refused-stream") attempt.giveBack();
    else attempt.returnConnection();
    this.#endAttempt(attempt, attempt.record(failure, error));
    this.#resendOrFail(failure, error);
  }

  #send(need: ConnectionPreference, nowMs: number): void {
    const { origin, deadlineMs } = this.#request;
    this.preference = need;
    this.#history.begin(nowMs);
    if (nowMs >= deadlineMs) return this.#neverSent(timeoutError(), "pool");
    this.#timeout.start(nowMs);
    const found = origin.pool.acquire(this, nowMs);
    if (found instanceof Connection) this.#dispatch(found, nowMs);
    else if (found === "in-line") this.#wait.begin();
    else if (found === "for-probe") this.#wait.forProbe();
    else this.onRefused(found.error);
  }

  #dispatch(connection: Connection, nowMs: number): void {
    const { origin } = this.#request;
    let options: Dispatcher.DispatchOptions | null = null;
    try {
      options = this.#request.open();
    } catch (error) {
      // The caller's body factory threw.
      this.abort(error);
    }
    // Or it ended the call, by its signal or with the whole client.
    if (this.#host.destroyedBy !== null) this.abort(this.#host.destroyedBy);
    if (options === null || this.#ended) {
      this.#request.release();
      origin.breaker.cancelProbe(this);
      origin.pool.returnUnused(connection);
      return;
    }
    const { sends, sentAtMs } = this.#history;
    const attempt = new Attempt(this, origin, connection, sends, sentAtMs, nowMs);
    this.#attempt = attempt;
    traceStart(attempt, this.#request);
    connection.dispatch(options, attempt, !this.retrySafe);
  }

  /** Ends an attempt that got no connection. */
  #neverSent(error: unknown, timedOutIn: "pool" | "connect" | undefined): void {
    this.#wait.end();
    this.#timeout.stop();
    const timedOut = timedOutIn !== undefined;
    const failure = classify(error, { written: false, timedOut, phase: timedOutIn });
    this.#history.addNeverSent(this.#request.origin.clock.now(), failure, error);
    this.#resendOrFail(failure, error);
  }

  /** @param record - What is kept of it; null where it succeeded. */
  #endAttempt(attempt: Attempt, record: AttemptRecord | null): void {
    this.#attempt = null;
    this.#timeout.stop();
    if (record !== null) {
      this.#request.body.stop();
      this.#history.add(record, attempt.handedOverAtMs);
    }
    traceEnd(attempt, record);
  }

  #resendOrFail(failure: Failure, error: unknown): void {
    // What is no transport failure, a refused argument or the caller's own stream, passes untouched.
    this.#wait.onOutcome(false);
    if (this.#abortReason !== null) return this.#fail(this.#abortReason);
    if (failure.kind === "unknown") return this.#fail(error as Error);
    const decision = this.#history.decide({ type: "failure", failure }, this.#request);
    const { name, clock } = this.#request.origin;
    if (decision.action === "give-up") {
      this.#fail(this.#history.toError(failure, decision.reason, name, error));
    } else if (failure.kind === "refused-stream" && decision.reason === "unsent") {
      const send = (): void => this.#send(this.#defaultPreference, clock.now());
      this.#wait.forLeave(send, () => this.#resendOrFail(failure, error));
    } else {
      this.#resend(decision);
    }
  }

  #resend(decision: Decision & { readonly action: "resend" }): void {
    const { clock } = this.#request.origin;
    this.#timedOut = false;
    const need = decision.connection === "fresh" ? "fresh" : this.#defaultPreference;
    if (decision.delayMs <= 0) return this.#send(need, clock.now());
    this.#wait.backOff(decision.delayMs, () => this.#send(need, clock.now()));
  }

  /** Sends again in the place of an answer that has not ended yet; false when the answer is the caller's. */
  #resendInstead(attempt: Attempt, outcome: Outcome, record: AttemptRecord): boolean {
    return this.context.runInAsyncScope(() => {
      const decision = this.#history.decide(outcome, this.#request);
      if (decision.action === "give-up") return false;
      this.#relay.drop();
      attempt.discard();
      this.#endAttempt(attempt, record);
      this.#resend(decision);
      return true;
    });
  }

  #fail(error: Error): void {
    if (!this.#ended) this.#relay.fail(error);
  }

  /** Lets go of everything the call held. */
  #end(): void {
    if (this.#ended) return;
    const { origin } = this.#request;
    this.#ended = true;
    this.#timeout.stop();
    this.#wait.onOutcome(false);
    this.#wait.end();
    this.#stopListening?.();
    this.#request.release();
    origin.end();
    this.#host.onEnd();
  }
}
