import type { Duplex } from "node:stream";

import type { OutboundStep } from "@reissue/core";

import type { RawHeaders } from "./raw-headers.ts";
import type { ResponseHandler } from "./response-handler.ts";

/** Who is told when the caller has all there is. */
export interface ReplyOwner {
  /** Called before the caller hears of the end. */
  onGiven(): void;
  /** Ends the call: the caller itself has thrown, whatever its error looks like. */
  abort(reason: unknown): void;
}

/** A short answer that is kept back until it is whole. */
interface Held {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly statusText: string;
  readonly chunks: Buffer[];
}

/**
 * What one caller is given: an answer as it comes; or held until it is whole, so that a cut in the middle can still be
 * resent, and then given out as fast as the caller takes it.
 *
 * A caller that throws is told of its own error, as it would be by undici.
 */
export class Reply {
  readonly #owner: ReplyOwner;
  readonly #handler: ResponseHandler;
  readonly #step: OutboundStep | null;
  #held: Held | null = null;
  #trailers: RawHeaders = [];
  #givenChunks = 0;
  #paused = false;
  #over = false;
  /** Whether the caller has been given a part of an answer. */
  delivered = false;

  /** @param step - The call's step, which ends when the caller is given a response or an error. */
  constructor(owner: ReplyOwner, handler: ResponseHandler, step: OutboundStep | null) {
    this.#owner = owner;
    this.#handler = handler;
    this.#step = step;
  }

  /** Tells the caller that it has begun, and how to abort it. */
  begin(abort: (reason: unknown) => void): void {
    try {
      this.#handler.onConnect(abort);
    } catch (error) {
      abort(error);
    }
  }

  /** Tells the caller that a chunk of its request body has been written. */
  bodySent(chunk: Uint8Array | string): void {
    if (this.#handler.onBodySent === undefined) return;
    this.#giveAfterWrite(() => this.#handler.onBodySent?.(chunk));
  }

  /** Tells the caller that its request has been written to the end. */
  requestSent(): void {
    if (this.#handler.onRequestSent === undefined) return;
    this.#giveAfterWrite(() => this.#handler.onRequestSent?.());
  }

  /** Tells the caller that the first byte of a response has come, whether or not it is the one that it is given. */
  responseStarted(): void {
    if (this.#handler.onResponseStarted === undefined) return;
    this.#give(() => this.#handler.onResponseStarted?.());
  }

  /** Gives an interim answer; there is nothing to pause, whatever the caller says: fetch answers false. */
  inform(status: number, headers: RawHeaders, resume: () => void, statusText: string): void {
    this.#give(() => this.#handler.onHeaders(status, headers, resume, statusText));
  }

  /** Gives an answer's head; false pauses. */
  head(status: number, headers: RawHeaders, resume: () => void, statusText: string): boolean {
    this.#deliver();
    return this.#give(() => this.#handler.onHeaders(status, headers, resume, statusText));
  }

  /** Holds an answer back, from its head on. */
  hold(status: number, headers: RawHeaders, statusText: string): void {
    this.#held = { status, headers, statusText, chunks: [] };
  }

  /** Takes a piece of the answer; false pauses. */
  data(chunk: Buffer): boolean {
    if (this.#held === null) return this.#give(() => this.#handler.onData(chunk));
    this.#held.chunks.push(chunk);
    return true;
  }

  /** Takes note that the answer is whole. */
  complete(trailers: RawHeaders): void {
    this.#deliver();
    this.#trailers = trailers;
    try {
      this.#start();
    } catch (error) {
      this.fail(error as Error);
    }
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

  /** As `#give`, once undici has written: it asserts that nothing ends the request or its connection meanwhile. */
  #giveAfterWrite(give: () => void): void {
    // Not a microtask of the globals, which fake timers may put off.
    void Promise.resolve().then(() => {
      if (!this.#over) this.#give(give);
    });
  }

  #start(): void {
    const held = this.#held;
    if (held !== null) {
      const resume = (): void => this.#resume();
      const { status, headers, statusText } = held;
      this.#paused = this.#handler.onHeaders(status, headers, resume, statusText) === false;
    }
    this.#goOn();
  }

  #goOn(): void {
    while (!this.#over && !this.#paused) {
      const chunk = this.#held?.chunks[this.#givenChunks];
      if (chunk === undefined) {
        this.#end();
        this.#handler.onComplete(this.#trailers);
        return;
      }
      this.#givenChunks += 1;
      this.#paused = this.#handler.onData(chunk) === false;
    }
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    try {
      this.#goOn();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #end(): void {
    this.#over = true;
    this.#step?.end();
    this.#owner.onGiven();
  }
}
