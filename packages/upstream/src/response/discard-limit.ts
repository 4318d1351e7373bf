import type { Clock, Timer } from "@reissue/core";
import { undici } from "../undici.ts";

/** The most bytes of an unwanted response that are read to reuse its connection. */
const maxBytes = 65_536;

/** How long an unwanted response is read, in ms: another call may be waiting for the connection. */
const maxMs = 100;

/** Limits how much of an unwanted response is read, and for how long, before its connection is given up. */
export class DiscardLimit {
  readonly #clock: Clock;
  readonly #abort: (error: Error) => void;
  readonly #timer: Timer;

  constructor(clock: Clock, abort: (error: Error) => void) {
    this.#clock = clock;
    this.#abort = abort;
    this.#timer = clock.setTimeout(() => {
      abort(
        new (undici().errors.RequestAbortedError)("an unwanted response takes too long to be read"),
      );
    }, maxMs);
  }

  /** @param receivedBytes - Bytes of the response so far, those before the limit included. */
  check(receivedBytes: number): void {
    if (receivedBytes <= maxBytes) return;
    this.#abort(
      new (undici().errors.RequestAbortedError)("an unwanted response is too long to be read"),
    );
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
