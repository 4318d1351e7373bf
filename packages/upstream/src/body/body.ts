/** The request that a body is sent with. */
export interface SentUnder {
  /** Its Idempotency-Key, as a field value; null where it has none. */
  readonly idempotencyKey: string | null;
}

/** A request body that can be given to undici once for each attempt. */
export interface Body {
  /** Whether {@link send} would give the whole body once more. */
  readonly replayable: boolean;
  /** The content type of what was last given, where undici does not set it by itself; null for none. */
  readonly contentType: string | null;
  /** The length of what was last given, in bytes, where undici does not know it by itself; null for none. */
  readonly contentLength: number | null;
  /** What undici is given for the next attempt; whatever was given before ends with an error. */
  send(request: SentUnder): unknown;
  /** Whether that very error is the caller's own, thrown by the source of the body. */
  failedWith(error: unknown): boolean;
  /** Reads nothing more for the attempt that has ended. */
  stop(): void;
  /** Lets go of everything that is held; called once, when the call has ended. */
  release(): void;
}

/** A body that can be given any number of times as it is: none, a string, bytes that were copied, a Blob. */
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

/** The body of a request that has none; the commonest, so there is one for all. */
export const noBody: Body = new FixedBody(null);
