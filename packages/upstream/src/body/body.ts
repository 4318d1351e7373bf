/** A request body that can be opened once for each attempt. */
export interface Body {
  /** Whether {@link open} would give the whole body once more. */
  readonly replayable: boolean;
  /** What undici is given for the next attempt. */
  open(): unknown;
  /** Lets go of everything that is held; called once, when the call has ended. */
  release(): void;
}

/** A body that can be given any number of times as it is: none, a string, bytes, a Blob, FormData. */
export class FixedBody implements Body {
  readonly replayable = true;
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  open(): unknown {
    return this.#value;
  }

  release(): void {}
}

/** The body of a request that has none; the commonest, so there is one for all. */
export const noBody: Body = new FixedBody(null);
