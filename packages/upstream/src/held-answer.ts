import type { RawHeaders } from "./raw-headers.ts";
import type { ResponseHandler } from "./response-handler.ts";

/**
 * A short answer that is kept back until it is whole, so that a cut in the middle can still be resent.
 *
 * Once whole it is given out piece by piece, as fast as the caller takes it.
 */
export class HeldAnswer {
  readonly #handler: ResponseHandler;
  readonly #status: number;
  readonly #headers: RawHeaders;
  readonly #statusText: string;
  readonly #chunks: Buffer[] = [];
  /** Pieces given: the head is the first. */
  #given = 0;
  #paused = false;
  #whole: { readonly trailers: RawHeaders; readonly onGiven: () => void } | null = null;

  constructor(handler: ResponseHandler, status: number, headers: RawHeaders, statusText: string) {
    this.#handler = handler;
    this.#status = status;
    this.#headers = headers;
    this.#statusText = statusText;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  /** Starts giving it out; `onGiven` is called before the caller hears of its end. */
  give(trailers: RawHeaders, onGiven: () => void): void {
    this.#whole = { trailers, onGiven };
    this.#goOn();
  }

  /** Stops giving it out. */
  stop(): void {
    this.#whole = null;
  }

  #goOn(): void {
    while (this.#whole !== null && !this.#paused) {
      const chunk = this.#chunks[this.#given - 1];
      if (this.#given === 0) {
        this.#given = 1;
        const resume = (): void => this.#resume();
        this.#paused =
          this.#handler.onHeaders(this.#status, this.#headers, resume, this.#statusText) === false;
      } else if (chunk !== undefined) {
        this.#given += 1;
        this.#paused = this.#handler.onData(chunk) === false;
      } else {
        const { trailers, onGiven } = this.#whole;
        this.#whole = null;
        onGiven();
        this.#handler.onComplete(trailers);
      }
    }
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    try {
      this.#goOn();
    } catch (error) {
      this.#whole = null;
      this.#handler.onError(error as Error);
    }
  }
}
