import type { Body, SentUnder } from "./body.ts";
import { classifyBody, isReadOnce } from "./body-kind.ts";

/** Function that makes a body for each attempt: the way to send a large file that can be resent. */
export type BodyFactory = () => unknown;

/**
 * Calls a factory.
 *
 * @throws TypeError for a promise: undici would refuse it, and fetch would send its name, or an empty body.
 */
export function bodyFrom(factory: BodyFactory): unknown {
  const made = factory();
  if (!isThenable(made)) return made;
  // The promise is unused, so its rejection is ignored.
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
 * Wraps a factory so that it fails when it returns the same stream twice. What was read of the stream is gone, and the
 * rest would be sent as if it were the whole.
 *
 * @param last - Body that the factory has already returned.
 * @throws TypeError when the factory returns the same stream again.
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

/** Body whose factory is called for each attempt. */
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
    // The factory may have aborted the call.
    if (this.#released) this.#made.release();
    return this.#made.send(request);
  }

  failedWith(error: unknown): boolean {
    return this.#made?.failedWith(error) ?? false;
  }

  /** Releases the body: the next attempt gets another one. */
  stop(): void {
    this.#made?.release();
  }

  release(): void {
    this.#released = true;
    this.stop();
  }
}
