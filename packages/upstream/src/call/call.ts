import { AsyncResource } from "node:async_hooks";
import type { Duplex } from "node:stream";

import type { AttemptRecord, Decision, Failure, Outcome } from "@reissue/core";
import { RetryHistory } from "@reissue/core/internal";

import { abortReason, onAbort } from "./abort-listener.ts";
import { responseOutcome, failureOutcome } from "../response/retryable-response.ts";
import { attemptFailure, holdFailure, unsentFailure } from "./attempt-failure.ts";
import { AttemptTimeout, isTimeout, timeoutError } from "./attempt-timeout.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import type { CallHost, PendingCall } from "./call-host.ts";
import type { CallRequest } from "./call-request.ts";
import { backingOff, ended, relaying, waiting, type CallState } from "./call-state.ts";
import { Connection } from "../origin/connection.ts";
import type { ConnectionPreference, Waiter } from "../origin/waiter.ts";
import type { RawHeaders } from "../headers/raw-headers.ts";
import { ResponseRelay, type RelayOwner } from "../response/response-relay.ts";
import type { ProgressStep } from "../response/progress-handler.ts";
import type { ResponseHandler } from "../response/response-handler.ts";
import { dispatchAttempt, traceEnd } from "./trace.ts";
import { Wait } from "./wait.ts";

/** One call from its first send to its last: sends, receives, decides, resends, and gives its caller the response. */
export class Call implements Waiter, AttemptOwner, PendingCall, RelayOwner {
  /** Created with the call, which may later continue in events of other calls' sockets and timers. */
  readonly context: AsyncResource = new AsyncResource("reissue.call");
  bagIndex = -1;
  place = -1;
  readonly #host: CallHost;
  readonly #request: CallRequest;
  readonly #relay: ResponseRelay;
  readonly #history: RetryHistory;
  readonly timeout: AttemptTimeout;
  readonly #wait: Wait;
  /** Connection that the present attempt needs, or that is waited for. */
  preference: ConnectionPreference = "any";
  #state: CallState = waiting;
  #stopListening: (() => void) | null = null;

  constructor(host: CallHost, request: CallRequest, handler: ResponseHandler) {
    this.#host = host;
    this.#request = request;
    this.#relay = new ResponseRelay(this, handler, request.step);
    this.#history = new RetryHistory(request.options.redirected === true);
    this.timeout = new AttemptTimeout(request, this);
    this.#wait = new Wait(host, request, this);
  }

  get retrySafe(): boolean {
    return this.#request.retrySafe;
  }

  get method(): string {
    return this.#request.method;
  }

  get #defaultPreference(): ConnectionPreference {
    return this.retrySafe ? "any" : "hot";
  }

  /** Tells the caller that the call has begun, and sends for the first time. */
  start(nowMs: number): void {
    const { origin, signal } = this.#request;
    origin.begin(nowMs);
    this.#relay.begin((reason) => this.abort(reason));
    if (signal !== undefined && this.#state !== ended) {
      this.#stopListening = onAbort(signal, (reason) => this.abort(reason));
    }
    this.#send(this.#defaultPreference, nowMs);
  }

  /** Ends the call at once, in any state; the caller gets an error. */
  abort(given: unknown): void {
    const state = this.#state;
    if (state === ended) return;
    const reason = abortReason(given);
    if (state.state !== "sending") return this.#fail(reason);
    state.abortReason = reason;
    state.abort(reason);
  }

  onExpire(error: Error): void {
    const state = this.#state;
    if (state.state !== "sending") return this.#failUnsent(error, "pool");
    state.timedOut = true;
    state.abort(error);
  }

  /** Resends if that is allowed; otherwise gives the caller what has come, since a slow response is no failure. */
  onHoldExpire(): void {
    const attempt = this.#state;
    if (attempt.state !== "sending") return;
    const error = timeoutError();
    const failure = holdFailure(attempt, error);
    const record = attempt.record(failure, error);
    if (this.#resendInstead(attempt, { type: "failure", failure }, record)) return;
    this.timeout.giveHeld(() => this.#relay.release());
  }

  /** Releases the timer, the body and the place in the queue. Idempotent. */
  onGiven(): void {
    if (this.#state === ended) return;
    const { origin } = this.#request;
    this.#state = ended;
    this.timeout.stop();
    this.#wait.onOutcome(false);
    this.#wait.end();
    this.#stopListening?.();
    this.#request.release();
    origin.end();
    this.#host.onEnd();
  }

  onConnection(connection: Connection, nowMs: number): void {
    const { pool, breaker } = this.#request.origin;
    this.#wait.end();
    if (this.timeout.leaveQueue(nowMs)) return this.#dispatch(connection, nowMs);
    // Once undici has the request, the timer can only end it together with the connection, and may find it written.
    breaker.cancelProbe(this);
    pool.returnUnused(connection);
    this.#failUnsent(timeoutError(), "pool");
  }

  onRefused(error: unknown): void {
    // The error of another call, which was connecting.
    this.#failUnsent(error, isTimeout(error) ? "connect" : undefined);
  }

  onProgress(step: ProgressStep, chunk?: Uint8Array | string): void {
    if (step !== "onResponseStarted") this.timeout.sent();
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
    const resuming = this.timeout.resuming(resume);
    if (this.retrySafe && attempt.declaredBytes <= origin.settings.holdBytes) {
      this.timeout.hold();
      this.#relay.buffer(status, headers, resuming, statusText);
      return true;
    }
    this.timeout.give();
    const takesMore = this.#relay.forwardHeaders(status, headers, resuming, statusText);
    return this.timeout.taken(takesMore);
  }

  onData(chunk: Buffer): boolean {
    return this.timeout.received(this.#relay.data(chunk));
  }

  onComplete(attempt: Attempt, trailers: RawHeaders): void {
    this.#endAttempt(attempt, null, relaying);
    this.#history.onResponse(this.#request);
    this.#relay.complete(trailers);
    if (this.#state !== ended) this.#wait.begin();
  }

  onUpgrade(attempt: Attempt, status: number, headers: RawHeaders, socket: Duplex): void {
    this.#endAttempt(attempt, null, relaying);
    this.#relay.upgrade(status, headers, socket);
  }

  onFailure(attempt: Attempt, error: Error): void {
    const { origin, body } = this.#request;
    // A failure of the caller's own source is none of the upstream's, whatever it looks like.
    if (body.failedWith(error)) attempt.abortReason ??= error;
    const failure = attemptFailure(attempt, this.#relay, error);
    this.#relay.drop();
    origin.learnFrom(this, attempt, failure, error);
    if (failure.kind === "refused-stream") attempt.giveBack();
    else attempt.returnConnection();
    this.#endAttempt(attempt, attempt.record(failure, error), backingOff);
    this.#wait.onOutcome(false);
    if (attempt.abortReason === null) this.#resendOrFail(failure, error);
    else this.#fail(attempt.abortReason);
  }

  #send(preference: ConnectionPreference, nowMs = this.#request.origin.clock.now()): void {
    if (this.#state === ended) return;
    const { origin, deadlineMs } = this.#request;
    this.#state = waiting;
    this.preference = preference;
    this.#history.begin(nowMs);
    if (nowMs >= deadlineMs) return this.#failUnsent(timeoutError(), "pool");
    this.timeout.start(nowMs);
    const found = origin.pool.acquire(this, nowMs);
    if (found instanceof Connection) this.#dispatch(found, nowMs);
    else if (found === "for-probe") this.#wait.forProbe();
    else if (found !== "in-line") this.onRefused(found.error);
  }

  #dispatch(connection: Connection, nowMs: number): void {
    const { origin } = this.#request;
    let options: ReturnType<CallRequest["open"]> | null = null;
    try {
      options = this.#request.open();
    } catch (error) {
      // Thrown by the caller's body factory.
      this.abort(error);
    }
    // A body factory can also end the call, by its signal or with the whole client.
    if (this.#host.destroyedBy !== null) this.abort(this.#host.destroyedBy);
    if (options === null || this.#state === ended) {
      this.#request.release();
      origin.breaker.cancelProbe(this);
      origin.pool.returnUnused(connection);
      return;
    }
    const { sends, sentAtMs } = this.#history;
    const attempt = new Attempt(this, origin, connection, sends, sentAtMs, nowMs);
    this.#state = attempt;
    dispatchAttempt(attempt, this.#request, options);
  }

  /** Ends an attempt that got no connection. */
  #failUnsent(error: unknown, timedOutIn?: "pool" | "connect"): void {
    const failure = unsentFailure(error, timedOutIn);
    this.#wait.end();
    this.timeout.stop();
    this.#state = backingOff;
    this.#history.addNeverSent(this.#request.origin.clock.now(), failure, error);
    this.#wait.onOutcome(false);
    this.#resendOrFail(failure, error);
  }

  /** @param record - Entry for the history; null where the attempt succeeded. */
  #endAttempt(attempt: Attempt, record: AttemptRecord | null, next: CallState): void {
    this.#state = next;
    this.timeout.stop();
    if (record !== null) {
      this.#request.body.stop();
      this.#history.add(record, attempt.handedOverAtMs);
    }
    traceEnd(attempt, record);
  }

  #resendOrFail(failure: Failure, error: unknown): void {
    if (this.#state === ended) return;
    // No transport failure, such as a refused argument: the caller gets it unchanged.
    if (failure.kind === "unknown") return this.#fail(error as Error);
    const decision = this.#history.decideAndCharge({ type: "failure", failure }, this.#request);
    if (decision.action === "give-up") {
      this.#fail(this.#history.toError(failure, decision.reason, this.#request, error));
    } else if (failure.kind === "refused-stream" && decision.reason === "unsent") {
      const send = (): void => this.#send(this.#defaultPreference);
      this.#wait.forLeave(send, () => this.#resendOrFail(failure, error));
    } else {
      this.#resend(decision);
    }
  }

  #resend(decision: Decision & { readonly action: "resend" }): void {
    const preference = decision.connection === "fresh" ? "fresh" : this.#defaultPreference;
    if (decision.delayMs <= 0) return this.#send(preference);
    this.#wait.backOff(decision.delayMs, () => this.#send(preference));
  }

  /** Resends in place of a response that has not ended yet; false when the response is the caller's. */
  #resendInstead(attempt: Attempt, outcome: Outcome, record: AttemptRecord): boolean {
    return this.context.runInAsyncScope(() => {
      const decision = this.#history.decideAndCharge(outcome, this.#request, record);
      if (decision.action === "give-up") return false;
      // A subscriber of the decision has aborted the call.
      if (this.#state !== attempt) return true;
      this.#relay.drop();
      attempt.discard();
      this.#endAttempt(attempt, record, backingOff);
      this.#resend(decision);
      return true;
    });
  }

  #fail(error: Error): void {
    if (this.#state !== ended) this.#relay.fail(error);
  }
}
