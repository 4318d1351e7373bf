import type { Duplex } from "node:stream";

import {
  classify,
  decide,
  type AttemptRecord,
  type Decision,
  type Failure,
  type Outcome,
  type Timer,
} from "@reissue/core";
import { errors, type Dispatcher } from "undici";

import { answerOutcome, isShortAnswer } from "./answer.ts";
import { AttemptHistory } from "./attempt-history.ts";
import { Attempt, type AttemptOwner } from "./attempt.ts";
import { HeldAnswer, type HeldAnswerOwner } from "./held-answer.ts";
import type { OutboundRequest } from "./outbound-request.ts";
import { Connection } from "./pool/connection.ts";
import type { Need, Waiter } from "./pool/pool.ts";
import type { RawHeaders } from "./raw-headers.ts";
import type { ResponseHandler } from "./response-handler.ts";
import type { Expiring } from "./timeout-queue.ts";
import { traceDecision, traceEnd, traceStart } from "./trace.ts";

/** Who keeps count of exchanges under way, and of those among them that wait without a connection. */
export interface ExchangeHost {
  onPark(exchange: Exchange): void;
  onUnpark(exchange: Exchange): void;
  onEnd(): void;
}

/** One call from its first send to its last: sends, listens, decides, sends again, and gives the answer to the caller. */
export class Exchange implements Waiter, AttemptOwner, HeldAnswerOwner, Expiring {
  readonly #host: ExchangeHost;
  readonly #request: OutboundRequest;
  readonly #handler: ResponseHandler;
  #history: AttemptHistory | null = null;
  #sends = 0;
  /** What the attempt under way, or the one being waited for, needs. */
  need: Need = "any";
  #attempt: Attempt | null = null;
  #sentAtMs = 0;
  #timer: Timer | null = null;
  #queued = false;
  expiresAtMs = 0;
  before: Expiring | null = null;
  after: Expiring | null = null;
  #held: HeldAnswer | null = null;
  #abortReason: Error | null = null;
  #timedOut = false;
  #delivered = false;
  #parked = false;
  #ended = false;
  #onInboundAbort: (() => void) | null = null;

  constructor(host: ExchangeHost, request: OutboundRequest, handler: ResponseHandler) {
    this.#host = host;
    this.#request = request;
    this.#handler = handler;
  }

  /** Whether the request may be sent again after it was written. */
  get retrySafe(): boolean {
    return this.#request.retrySafe;
  }

  /** Tells the caller that it has begun, and sends for the first time. */
  start(): void {
    const { origin, signal } = this.#request;
    const nowMs = origin.clock.now();
    origin.budget.deposit(nowMs);
    origin.staleBudget.deposit(nowMs);
    try {
      this.#handler.onConnect((reason) => this.abort(reason ?? new errors.RequestAbortedError()));
    } catch (error) {
      this.abort(error as Error);
    }
    if (signal !== undefined && !this.#ended) {
      if (signal.aborted) return this.abort(signal.reason as Error);
      this.#onInboundAbort = () => this.abort(signal.reason as Error);
      signal.addEventListener("abort", this.#onInboundAbort);
    }
    if (!this.#ended) this.#send(this.retrySafe ? "any" : "hot", nowMs);
  }

  /** Ends the call at once, whatever it is doing; the caller hears of it as an error. */
  abort(reason: Error): void {
    if (this.#ended) return;
    this.#abortReason = reason;
    if (this.#attempt === null) this.#fail(reason);
    else this.#attempt.abort(reason);
  }

  onExpire(): void {
    this.#timer = null;
    this.#queued = false;
    this.#timedOut = true;
    const error = new DOMException("The upstream did not answer in time", "TimeoutError");
    if (this.#attempt !== null) return this.#attempt.abort(error);
    this.#unpark();
    const failure = classify(error, { written: false, timedOut: true, phase: "pool" });
    this.#resendOrFail(failure, error);
  }

  onGiven(): void {
    this.#end();
  }

  onConnection(connection: Connection): void {
    this.#unpark();
    this.#dispatch(connection);
  }

  onHeaders(
    attempt: Attempt,
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean {
    if (status < 200) {
      // Nothing to pause, whatever the caller says: fetch answers false.
      this.#handler.onHeaders(status, headers, resume, statusText);
      return true;
    }
    attempt.connection.takeHint(headers);
    if (this.#resendAnswered(attempt, status, headers)) return true;
    if (this.retrySafe && isShortAnswer(headers, this.#request.origin.settings.holdBytes)) {
      this.#held = new HeldAnswer(this, this.#handler, status, headers, statusText);
      return true;
    }
    this.#delivered = true;
    this.#disarm();
    return this.#handler.onHeaders(status, headers, resume, statusText) !== false;
  }

  onData(chunk: Buffer): boolean {
    if (this.#held === null) return this.#handler.onData(chunk) !== false;
    this.#held.add(chunk);
    return true;
  }

  onComplete(attempt: Attempt, trailers: RawHeaders): void {
    this.#endAttempt(attempt, null);
    try {
      if (this.#held === null) {
        this.#end();
        this.#handler.onComplete(trailers);
      } else {
        this.#delivered = true;
        this.#held.give(trailers);
      }
    } catch (error) {
      this.#end();
      this.#handler.onError(error as Error);
    }
  }

  onUpgrade(attempt: Attempt, status: number, headers: RawHeaders, socket: Duplex): void {
    this.#endAttempt(attempt, null);
    this.#end();
    this.#handler.onUpgrade?.(status, headers, socket);
  }

  onFailure(attempt: Attempt, error: Error): void {
    const { origin } = this.#request;
    const failure = classify(error, {
      ...attempt.evidence,
      delivered: this.#delivered,
      aborted: this.#abortReason !== null,
      timedOut: this.#timedOut,
    });
    this.#held = null;
    origin.learnFrom(attempt, failure, error);
    this.#endAttempt(attempt, attempt.record(failure, error));
    this.#resendOrFail(failure, error);
  }

  #send(need: Need, nowMs: number): void {
    this.need = need;
    this.#sentAtMs = nowMs;
    this.#sends += 1;
    this.#arm(nowMs);
    const found = this.#request.origin.connectionFor(this, nowMs);
    if (found === "waiting") return this.#park();
    if (found instanceof Connection) return this.#dispatch(found);
    this.#disarm();
    this.#resendOrFail(classify(found.error, { written: false }), found.error);
  }

  #dispatch(connection: Connection): void {
    const { pool, clock } = this.#request.origin;
    const attempt = new Attempt(this, pool, connection, this.#sends, this.#sentAtMs, clock);
    let options: Dispatcher.DispatchOptions;
    try {
      options = this.#request.open();
    } catch (error) {
      // The caller's body factory threw.
      pool.giveBack(connection);
      return this.#fail(error as Error);
    }
    this.#attempt = attempt;
    traceStart(attempt, this.#request);
    connection.dispatch(options, attempt);
  }

  /** @param record - What is kept of it; null where it succeeded. */
  #endAttempt(attempt: Attempt, record: AttemptRecord | null): void {
    this.#attempt = null;
    this.#disarm();
    if (record !== null) this.#knownHistory().add(record);
    traceEnd(attempt, record);
  }

  #knownHistory(): AttemptHistory {
    return (this.#history ??= new AttemptHistory());
  }

  #resendOrFail(failure: Failure, error: unknown): void {
    // What is no transport failure, a refused argument or the caller's own stream, passes untouched.
    if (this.#abortReason !== null) return this.#fail(this.#abortReason);
    if (failure.kind === "unknown") return this.#fail(error as Error);
    const decision = this.#decide({ type: "failure", failure });
    if (decision.action === "resend") return this.#resend(decision);
    const { name } = this.#request.origin;
    this.#fail(this.#knownHistory().toError(failure, decision.reason, name, error));
  }

  #decide(outcome: Outcome): Decision {
    const { origin, policy, deadlineMs, facts } = this.#request;
    const nowMs = origin.clock.now();
    const state = this.#knownHistory().state(this.#sends, origin, nowMs, deadlineMs);
    const decision = decide(outcome, facts, policy, state);
    traceDecision(this.#request, this.#sends, outcome, decision);
    return decision;
  }

  #resend(decision: Decision & { readonly action: "resend" }): void {
    const { clock } = this.#request.origin;
    const nowMs = clock.now();
    this.#timedOut = false;
    this.#knownHistory().spend(decision, this.#request.origin, nowMs);
    if (decision.delayMs <= 0) return this.#send(decision.connection, nowMs);
    this.#park();
    this.#timer = clock.setTimeout(() => {
      this.#timer = null;
      this.#unpark();
      this.#send(decision.connection, clock.now());
    }, decision.delayMs);
  }

  #park(): void {
    this.#parked = true;
    this.#host.onPark(this);
  }

  #unpark(): void {
    if (!this.#parked) return;
    this.#parked = false;
    this.#request.origin.pool.leave(this);
    this.#host.onUnpark(this);
  }

  /** Bounds the attempt, from its start in the queue to its headers, by its own timeout and the deadline. */
  #arm(nowMs: number): void {
    const { origin, policy, deadlineMs } = this.#request;
    const leftMs = Math.min(policy.attemptTimeoutMs, deadlineMs - nowMs);
    if (leftMs === origin.timeouts.durationMs) {
      this.#queued = true;
      origin.timeouts.add(this, nowMs);
    } else {
      this.#timer = origin.clock.setTimeout(() => this.onExpire(), Math.max(leftMs, 0));
    }
  }

  #disarm(): void {
    const { origin } = this.#request;
    if (this.#queued) {
      this.#queued = false;
      origin.timeouts.remove(this);
    } else if (this.#timer !== null) {
      origin.clock.clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  /** Sends again after an answer whose status asks for it; false when the answer is the caller's. */
  #resendAnswered(attempt: Attempt, status: number, headers: RawHeaders): boolean {
    const { origin, policy } = this.#request;
    const outcome = answerOutcome(status, headers, policy.retryOn, origin.clock);
    const decision = outcome === null ? null : this.#decide(outcome);
    if (decision === null || decision.action === "give-up") return false;
    attempt.discard();
    this.#endAttempt(attempt, attempt.record(null, null));
    this.#resend(decision);
    return true;
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#end();
    this.#handler.onError(error);
  }

  /** Lets go of everything the call held. */
  #end(): void {
    if (this.#ended) return;
    const { signal, body } = this.#request;
    this.#ended = true;
    this.#disarm();
    this.#held?.stop();
    this.#unpark();
    if (this.#onInboundAbort !== null) signal?.removeEventListener("abort", this.#onInboundAbort);
    body.release();
    this.#host.onEnd();
  }
}
