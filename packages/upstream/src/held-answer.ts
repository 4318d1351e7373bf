import type { RawHeaders } from "./raw-headers.ts";
import type { ResponseHandler } from "./response-handler.ts";

/** Who is told when a held answer has been given out. */
export interface HeldAnswerOwner {
  /** Called before the caller hears of the end. */
  onGiven(): void;
}

/**
 * A short answer that is kept back until it is whole, so that a cut in the middle can still be resent.
 *
 * Once whole it is given out piece by piece, as fast as the caller takes it.
 */
export class HeldAnswer {
  readonly #owner: HeldAnswerOwner;
  readonly #handler: ResponseHandler;
  readonly #status: number;
  readonly #headers: RawHeaders;
  readonly #statusText: string;
  readonly #chunks: Buffer[] = [];
  #trailers: RawHeaders = [];
  #givenChunks = 0;
  #paused = false;
  #stopped = false;

  constructor(
    owner: HeldAnswerOwner,
    handler: ResponseHandler,
    status: number,
    headers: RawHeaders,
    statusText: string,
  ) {
    this.#owner = owner;
    this.#handler = handler;
    this.#status = status;
    this.#headers = headers;
    this.#statusText = statusText;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** Starts giving it out: it is whole. */
  give(trailers: RawHeaders): void {
    this.#trailers = trailers;
    const resume = (): void => this.#resume();
    const goOn = this.#handler.onHeaders(this.#status, this.#headers, resume, this.#statusText);
    this.#paused = goOn === false;
    this.#goOn();
  }

  /** Stops giving it out. */
  stop(): void {
    this.#stopped = true;
  }

  #goOn(): void {
    while (!this.#stopped && !this.#paused) {
      const chunk = this.#chunks[this.#givenChunks];
      if (chunk === undefined) {
        this.#stopped = true;
        this.#owner.onGiven();
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
      this.#stopped = true;
      this.#owner.onGiven();
      this.#handler.onError(error as Error);
    }
  }
}
