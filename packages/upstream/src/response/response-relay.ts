import type { Duplex } from "node:stream";

import type { OutboundStep } from "@reissue/core";

import type { InContext } from "../call/async-context.ts";
import type { RawHeaders } from "../headers/raw-headers.ts";
import type { ProgressStep } from "./progress-handler.ts";
import type { ResponseHandler } from "./response-handler.ts";

/** Owner of a {@link ResponseRelay}. */
export interface RelayOwner extends InContext {
  /** Called before the caller gets the end of the response, or an error. */
  onGiven(): void;
  /** Ends the call, since the caller itself has thrown, whatever its error looks like. */
  abort(reason: unknown): void;
}

/** Response that is held until it is complete. */
interface Held {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly resume: () => void;
  readonly statusText: string;
  readonly chunks: Buffer[];
}

/**
 * Relays the response to the caller: as it comes; or, so that a cut response can still be resent, held until it is
 * complete or takes too long, and then as fast as the caller takes it.
 *
 * A caller that throws gets its own error, as from undici.
 */
export class ResponseRelay {
  readonly #owner: RelayOwner;
  readonly #handler: ResponseHandler;
  readonly #step: OutboundStep | null;
  /** Whether the caller has any progress method. perf: docs/performance.md#progress */
  readonly #followsProgress: boolean;
  #held: Held | null = null;
  /** Null until the response is complete. */
  #trailers: RawHeaders | null = null;
  #givenChunks = 0;
  #paused = false;
  #over = false;
  /** Whether the caller has been given a part of a response. */
  delivered = false;

  /** @param step - Step of the call, which ends when the caller gets a response or an error. */
  constructor(owner: RelayOwner, handler: ResponseHandler, step: OutboundStep | null) {
    this.#owner = owner;
    this.#handler = handler;
    this.#step = step;
    this.#followsProgress =
      handler.onBodySent !== undefined ||
      handler.onRequestSent !== undefined ||
      handler.onResponseStarted !== undefined;
  }

  /** Tells the caller that the call has begun, and how to abort it. */
  begin(abort: (reason: unknown) => void): void {
    try {
      this.#handler.onConnect(abort);
    } catch (error) {
      abort(error);
    }
  }

  /** Reports the progress of an attempt, whether or not its response will be the caller's. */
  tell(step: ProgressStep, chunk?: Uint8Array | string): void {
    if (!this.#followsProgress || this.#handler[step] === undefined) return;
    if (step === "onResponseStarted") {
      this.#give(() => this.#handler.onResponseStarted?.());
      return;
    }
    // Not while undici writes: undici asserts that nothing ends the request or its connection meanwhile. A promise,
    // since fake timers may defer a microtask of the globals.
    void Promise.resolve().then(() => {
      if (!this.#over) this.#give(() => this.#handler[step]?.(chunk!));
    });
  }

  /**
   * Forwards an interim response. A result of false is ignored, since there is nothing to pause: fetch returns false.
   */
  forwardInformational(
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): void {
    const inform = (): boolean | void =>
      this.#handler.onHeaders(status, headers, resume, statusText);
    // Undici's handler calls `onInfo` synchronously, in the context of the present event.
    this.#give(() => this.#owner.context.runInAsyncScope(inform));
  }

  /** Forwards the head of a response; false pauses. */
  forwardHeaders(
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean {
    this.#deliver();
    return this.#give(() => this.#handler.onHeaders(status, headers, resume, statusText));
  }

  /** Holds a response, from its head on. */
  buffer(status: number, headers: RawHeaders, resume: () => void, statusText: string): void {
    this.#held = { status, headers, resume, statusText, chunks: [] };
  }

  /** Whether a response is held of which the caller has been given nothing. */
  get holding(): boolean {
    return this.#held !== null && !this.delivered;
  }

  /** Gives what is held before the response is complete, and the rest as it comes; false pauses. */
  release(): boolean {
    this.#deliver();
    this.#guarded(() => this.#start());
    return this.#held === null;
  }

  /** Forwards or holds a chunk of the response; false pauses. */
  data(chunk: Buffer): boolean {
    if (this.#held === null) return this.#give(() => this.#handler.onData(chunk));
    this.#held.chunks.push(chunk);
    // Once the response is being given, chunks that the caller does not take are left with the upstream.
    return !this.delivered;
  }

  /** Ends the response, which is complete. */
  complete(trailers: RawHeaders): void {
    const wasDelivered = this.delivered;
    this.#deliver();
    this.#trailers = trailers;
    this.#guarded(() => (wasDelivered ? this.#goOn() : this.#start()));
  }

  /** Drops what is held: the response was cut. */
  drop(): void {
    this.#held = null;
  }

  /** Gives the caller the socket. */
  upgrade(status: number, headers: RawHeaders, socket: Duplex): void {
    this.#end();
    try {
      this.#handler.onUpgrade?.(status, headers, socket);
    } catch (error) {
      socket.destroy();
      this.#handler.onError(error as Error);
    }
  }

  /** Gives the caller the error, in place of a response or of the rest of it. */
  fail(error: Error): void {
    this.#end();
    this.#handler.onError(error);
  }

  #deliver(): void {
    this.delivered = true;
    this.#step?.end();
  }

  /** Calls the caller; false pauses. */
  #give(give: () => boolean | void): boolean {
    try {
      return give() !== false;
    } catch (error) {
      this.#owner.abort(error);
      return false;
    }
  }

  #start(): void {
    const held = this.#held;
    if (held !== null) {
      const { status, headers, statusText } = held;
      const resume = (): void => this.#resume(held.resume);
      this.#paused = this.#handler.onHeaders(status, headers, resume, statusText) === false;
    }
    this.#goOn();
  }

  #goOn(): void {
    while (!this.#over && !this.#paused) {
      const chunk = this.#held?.chunks[this.#givenChunks];
      if (chunk === undefined) return this.#drained();
      this.#givenChunks += 1;
      this.#paused = this.#handler.onData(chunk) === false;
    }
  }

  /** Ends the response, or continues with chunks as they come. */
  #drained(): void {
    if (this.#trailers !== null) {
      this.#end();
      this.#handler.onComplete(this.#trailers);
      return;
    }
    const resume = this.#held?.resume;
    this.#held = null;
    resume?.();
  }

  #resume(resume: () => void): void {
    if (this.#held === null) return resume();
    if (!this.#paused) return;
    this.#paused = false;
    this.#guarded(() => this.#goOn());
  }

  /** Gives a caller that throws its own error. */
  #guarded(give: () => void): void {
    try {
      give();
    } catch (error) {
      // Once the response is complete the attempt has ended, and nothing is left to abort.
      if (this.#trailers === null) this.#owner.abort(error);
      else this.fail(error as Error);
    }
  }

  #end(): void {
    this.#over = true;
    this.#step?.end();
    this.#owner.onGiven();
  }
}
