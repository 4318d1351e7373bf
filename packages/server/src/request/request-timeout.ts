import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock, GatewayError, Timer } from "@reissue/core";

/** What a timeout needs of the request that it is for. */
export interface TimedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly gate: { readonly clock: Clock };
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  readonly clientDisconnected: boolean;
  handlerEnded(): void;
}

/** A time, and what is done when it is over. */
interface Limit {
  /** Called with what is to be answered, unless the response has begun by then. */
  readonly onExpire: (error: GatewayError) => void;
  /** Since the request came. */
  readonly timeoutMs: number;
}

/** The timeout of a request whose route has one, until its response or its failure is on its way. */
export class RequestTimeout {
  readonly #inbound: TimedRequest;
  readonly #error: () => GatewayError;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  /** What it is under; null where it is under none any more. */
  #limit: Limit | null = null;
  #timer: Timer | null = null;
  #isOver = false;
  /** How many handlers run under it, one inside the other. */
  #running = 0;
  #expiry: AbortController | null = null;
  #signal: AbortSignal | null = null;

  /** @param error - Makes the error that the request fails with. */
  constructor(inbound: TimedRequest, error: () => GatewayError, startedAtMs: number) {
    this.#inbound = inbound;
    this.#error = error;
    this.#clock = inbound.gate.clock;
    this.#startedAtMs = startedAtMs;
    inbound.response.once("close", () => this.stop());
  }

  /** Whether the request has been answered because it was over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Aborts when nobody waits for the answer any more: the client has left, or it is over. */
  get signal(): AbortSignal {
    if (this.#signal === null) {
      this.#expiry = new AbortController();
      if (this.#isOver) this.#expiry.abort();
      this.#signal = AbortSignal.any([this.#inbound.signal, this.#expiry.signal]);
    }
    return this.#signal;
  }

  /** Starts it, anew where it had been started. */
  start(limit: Limit): void {
    this.stop();
    this.#limit = limit;
    const leftMs = Math.max(this.#startedAtMs + limit.timeoutMs - this.#clock.now(), 0);
    this.#timer = this.#clock.setTimeout(() => this.#end(limit), leftMs);
  }

  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#limit = null;
  }

  /** Runs a handler under it: settles as that does, or rejects once it is over. */
  within<Result>(run: () => Promise<Result>, timeoutMs: number): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const outer = this.#limit;
      this.start({ onExpire: reject, timeoutMs });
      this.#running += 1;
      run()
        .finally(() => {
          this.#running -= 1;
          if (this.#running === 0) this.#inbound.handlerEnded();
          // What is around a route goes on under the time that it was under before.
          if (outer === null || this.#isOver) this.stop();
          else this.start(outer);
        })
        .then(resolve, reject);
    });
  }

  #end({ onExpire }: Limit): void {
    this.#timer = null;
    const { request, response, clientDisconnected } = this.#inbound;
    if (response.headersSent || clientDisconnected) return;
    this.#isOver = true;
    // Nobody reads the rest, which would stand before the connection's next request.
    if (!request.complete) response.shouldKeepAlive = false;
    this.#expiry?.abort();
    onExpire(this.#error());
  }
}
