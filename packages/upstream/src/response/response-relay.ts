import type { Duplex } from "node:stream";

import type { OutboundStep } from "@reissue/core";

import type { InContext } from "../call/async-context.ts";
import type { RawHeaders } from "../headers/raw-headers.ts";
import type { ProgressStep } from "./progress-handler.ts";
import type { ResponseHandler } from "./response-handler.ts";

/** Who is told when the caller has all there is. */
export interface RelayOwner extends InContext {
  /** Called before the caller hears of the end. */
  onGiven(): void;
  /** Ends the call: the caller itself has thrown, whatever its error looks like. */
  abort(reason: unknown): void;
}

/** A short answer that is kept back until it is whole. */
interface Held {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly resume: () => void;
  readonly statusText: string;
  readonly chunks: Buffer[];
}

/**
 * What one caller is given: an answer as it comes; or held until it is whole, or takes too long to be, so that a cut in
 * the middle can still be resent, and then given out as fast as the caller takes it.
 *
 * A caller that throws is told of its own error, as it would be by undici.
 */
export class ResponseRelay {
  readonly #owner: RelayOwner;
  readonly #handler: ResponseHandler;
  readonly #step: OutboundStep | null;
  /** Whether the caller listens to any progress; to look its methods up by name at each step is dear. */
  readonly #followsProgress: boolean;
  #held: Held | null = null;
  /** Null before the answer is whole. */
  #trailers: RawHeaders | null = null;
  #givenChunks = 0;
  #paused = false;
  #over = false;
  /** Whether the caller has been given a part of an answer. */
  delivered = false;

  /** @param step - The call's step, which ends when the caller is given a response or an error. */
  constructor(owner: RelayOwner, handler: ResponseHandler, step: OutboundStep | null) {
    this.#owner = owner;
    this.#handler = handler;
    this.#step = step;
    this.#followsProgress =
      handler.onBodySent !== undefined ||
      handler.onRequestSent !== undefined ||
      handler.onResponseStarted !== undefined;
  }

  /** Tells the caller that it has begun, and how to abort it. */
  begin(abort: (reason: unknown) => void): void {
    try {
      this.#handler.onConnect(abort);
    } catch (error) {
      abort(error);
    }
  }

  /** Tells the caller of the progress of an attempt, whether or not it is the one whose response it is given. */
  tell(step: ProgressStep, chunk?: Uint8Array | string): void {
    if (!this.#followsProgress || this.#handler[step] === undefined) return;
    if (step === "onResponseStarted") {
      this.#give(() => this.#handler.onResponseStarted?.());
      return;
    }
    // Not while undici writes: it asserts that nothing ends the request or its connection meanwhile.
    // A promise, since fake timers may put off a microtask of the globals.
    void Promise.resolve().then(() => {
      if (!this.#over) this.#give(() => this.#handler[step]?.(chunk!));
    });
  }

  /** Gives an interim answer; there is nothing to pause, whatever the caller says: fetch answers false. */
  forwardInformational(
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): void {
    const inform = (): boolean | void =>
      this.#handler.onHeaders(status, headers, resume, statusText);
    // Undici's handler calls `onInfo` at once, in the context of whatever event this is.
    this.#give(() => this.#owner.context.runInAsyncScope(inform));
  }

  /** Gives an answer's head; false pauses. */
  forwardHeaders(
    status: number,
    headers: RawHeaders,
    resume: () => void,
    statusText: string,
  ): boolean {
    this.#deliver();
    return this.#give(() => this.#handler.onHeaders(status, headers, resume, statusText));
  }

  /** Holds an answer back, from its head on. */
  buffer(status: number, headers: RawHeaders, resume: () => void, statusText: string): void {
    this.#held = { status, headers, resume, statusText, chunks: [] };
  }

  /** Whether an answer is held of which the caller has been given nothing. */
  get holding(): boolean {
    return this.#held !== null && !this.delivered;
  }

  /** Gives what is held before it is whole, and the rest as it comes; false pauses. */
  release(): boolean {
    this.#deliver();
    this.#guarded(() => this.#start());
    return this.#held === null;
  }

  /** Takes a piece of the answer; false pauses. */
  data(chunk: Buffer): boolean {
    if (this.#held === null) return this.#give(() => this.#handler.onData(chunk));
    this.#held.chunks.push(chunk);
    // Once it is given, what the caller does not take yet is left with the upstream.
    return !this.delivered;
  }

  /** Takes note that the answer is whole. */
  complete(trailers: RawHeaders): void {
    const begun = this.delivered;
    this.#deliver();
    this.#trailers = trailers;
    this.#guarded(() => (begun ? this.#goOn() : this.#start()));
  }

  /** Throws away what is held: it was cut. */
  drop(): void {
    this.#held = null;
  }

  /** Gives the caller the socket itself. */
  upgrade(status: number, headers: RawHeaders, socket: Duplex): void {
    this.#end();
    try {
      this.#handler.onUpgrade?.(status, headers, socket);
    } catch (error) {
      socket.destroy();
      this.#handler.onError(error as Error);
    }
  }

  /** Tells the caller why there is no answer, or no more of it. */
  fail(error: Error): void {
    this.#end();
    this.#handler.onError(error);
  }

  #deliver(): void {
    this.delivered = true;
    this.#step?.end();
  }

  /** Gives the caller something; false pauses. */
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

  /** Ends, or goes over to giving what comes as it comes. */
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

  /** Tells a caller that throws of its own error. */
  #guarded(give: () => void): void {
    try {
      give();
    } catch (error) {
      // With the whole answer here the attempt has ended, so that nothing is left to abort.
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
