import type { Body, SentUnder } from "./body.ts";
import { classifyBody, isReadOnce } from "./body-kind.ts";

/** A body made anew for every attempt; the way to send a large file that must be resendable. */
export type BodyFactory = () => unknown;

/**
 * Asks a factory for a body.
 *
 * @throws TypeError for a promise: undici would refuse it, and fetch would send its name, or nothing at all.
 */
export function bodyFrom(factory: BodyFactory): unknown {
  const made = factory();
  if (!isThenable(made)) return made;
  // It is not used, so that its failure is nobody's either.
  Promise.resolve(made).catch(() => {});
  throw new TypeError("A body factory must give the body itself, not a promise of it");
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

/**
 * The same factory, which may not give a stream a second time: what has been read of it is gone, and the rest, or
 * nothing, would be sent for the whole.
 *
 * @param last - What it has given already.
 * @throws TypeError when it is asked and gives the same stream again.
 */
export function renewing(factory: BodyFactory, last?: unknown): BodyFactory {
  return () => {
    const made = bodyFrom(factory);
    if (made === last && isReadOnce(classifyBody(made))) {
      throw new TypeError("A body factory must give another stream for each attempt");
    }
    last = made;
    return made;
  };
}

/** What a factory makes, each time for one attempt. */
export class FactoryBody implements Body {
  readonly replayable = true;
  readonly #factory: BodyFactory;
  readonly #toBody: (made: unknown) => Body;
  #made: Body | null = null;
  #released = false;

  constructor(factory: BodyFactory, toBody: (made: unknown) => Body) {
    this.#factory = renewing(factory);
    this.#toBody = toBody;
  }

  get contentType(): string | null {
    return this.#made?.contentType ?? null;
  }

  get contentLength(): number | null {
    return this.#made?.contentLength ?? null;
  }

  send(request: SentUnder): unknown {
    this.stop();
    this.#made = this.#toBody(this.#factory());
    // The factory itself may have ended the call.
    if (this.#released) this.#made.release();
    return this.#made.send(request);
  }

  failedWith(error: unknown): boolean {
    return this.#made?.failedWith(error) ?? false;
  }

  /** The next attempt gets another one, so this one is of no more use. */
  stop(): void {
    this.#made?.release();
  }

  release(): void {
    this.#released = true;
    this.stop();
  }
}
