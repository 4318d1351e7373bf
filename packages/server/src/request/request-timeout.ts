import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock, GatewayError, Timer } from "@reissue/core";

/** The facts about a request that its timeout needs. */
export interface TimedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly gate: { readonly clock: Clock };
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  readonly clientDisconnected: boolean;
  handlerEnded(): void;
}

/** A timeout, with its callback. */
interface Limit {
  /** Called with the error to respond with, unless the response has begun by then. */
  readonly onExpire: (error: GatewayError) => void;
  /** In ms from when the request came. */
  readonly timeoutMs: number;
}

/** The timeout of a request, running until its response or its failure is on its way. */
export class RequestTimeout {
  readonly #context: TimedRequest;
  readonly #error: () => GatewayError;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  /** Null while no timeout is running. */
  #limit: Limit | null = null;
  #timer: Timer | null = null;
  #hasExpired = false;
  /** The number of handlers that run under the timeout, one inside the other. */
  #running = 0;
  #expiry: AbortController | null = null;
  #signal: AbortSignal | null = null;

  /** @param error - Creates the error that the request fails with. */
  constructor(context: TimedRequest, error: () => GatewayError, startedAtMs: number) {
    this.#context = context;
    this.#error = error;
    this.#clock = context.gate.clock;
    this.#startedAtMs = startedAtMs;
    context.response.once("close", () => this.stop());
  }

  /** Whether the response was sent because the timeout expired. */
  get hasExpired(): boolean {
    return this.#hasExpired;
  }

  /** Aborts when the client disconnects, or the timeout expires. */
  get signal(): AbortSignal {
    if (this.#signal === null) {
      this.#expiry = new AbortController();
      if (this.#hasExpired) this.#expiry.abort();
      this.#signal = AbortSignal.any([this.#context.signal, this.#expiry.signal]);
    }
    return this.#signal;
  }

  /** Starts the timeout, again where it had been started. */
  start(limit: Limit): void {
    this.stop();
    this.#limit = limit;
    const remainingMs = Math.max(this.#startedAtMs + limit.timeoutMs - this.#clock.now(), 0);
    this.#timer = this.#clock.setTimeout(() => this.#expire(limit), remainingMs);
  }

  stop(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#limit = null;
  }

  /** Runs a handler under the timeout: settles as the handler does, or rejects once the timeout has expired. */
  run<Result>(run: () => Promise<Result>, timeoutMs: number): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const outer = this.#limit;
      this.start({ onExpire: reject, timeoutMs });
      this.#running += 1;
      run()
        .finally(() => {
          this.#running -= 1;
          if (this.#running === 0) this.#context.handlerEnded();
          // Middleware around the route goes on under the timeout that it had before.
          if (outer === null || this.#hasExpired) this.stop();
          else this.start(outer);
        })
        .then(resolve, reject);
    });
  }

  #expire({ onExpire }: Limit): void {
    this.#timer = null;
    const { request, response, clientDisconnected } = this.#context;
    if (response.headersSent || clientDisconnected) return;
    this.#hasExpired = true;
    // The rest of the body stays unread, and would come before the connection's next request.
    if (!request.complete) response.shouldKeepAlive = false;
    this.#expiry?.abort();
    onExpire(this.#error());
  }
}
