/** Request that a body belongs to. */
export interface SentUnder {
  /** Idempotency-Key, as a field value; null for none. */
  readonly idempotencyKey: string | null;
}

/** Request body that can be sent once for each attempt. */
export interface Body {
  /** Whether {@link send} would give the complete body once more. */
  readonly replayable: boolean;
  /** Content-Type of the body that was last sent, where undici does not set it itself; null for none. */
  readonly contentType: string | null;
  /** Length of the body that was last sent, in bytes, where undici does not know it; null for none. */
  readonly contentLength: number | null;
  /** Makes the body of the next attempt, for undici; the body of the previous attempt ends with an error. */
  send(request: SentUnder): unknown;
  /** Whether this very error was thrown by the caller's own source. */
  failedWith(error: unknown): boolean;
  /** Stops reading for the attempt that has ended. */
  stop(): void;
  /** Releases the record and the source; called once, when the call has ended. */
  release(): void;
}

/** Body that can be sent any number of times unchanged: none, a string, copied bytes, a Blob. */
export class FixedBody implements Body {
  readonly replayable = true;
  readonly contentType: string | null;
  readonly contentLength = null;
  #value: unknown;

  constructor(value: unknown, contentType: string | null = null) {
    this.#value = value;
    this.contentType = contentType;
  }

  send(): unknown {
    return this.#value;
  }

  failedWith(): boolean {
    return false;
  }

  stop(): void {}

  release(): void {
    this.#value = null;
  }
}

/** Body of all requests without one. */
export const noBody: Body = new FixedBody(null);
