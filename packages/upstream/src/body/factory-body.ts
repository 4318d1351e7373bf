import type { Body } from "./body.ts";

/** A body made anew for every attempt; the way to send a large file that must be resendable. */
export type BodyFactory = () => unknown;

/** What a factory makes, each time for one attempt. */
export class FactoryBody implements Body {
  readonly replayable = true;
  readonly #factory: BodyFactory;
  readonly #toBody: (made: unknown) => Body;
  #made: Body | null = null;
  #released = false;

  constructor(factory: BodyFactory, toBody: (made: unknown) => Body) {
    this.#factory = factory;
    this.#toBody = toBody;
  }

  get contentType(): string | null {
    return this.#made?.contentType ?? null;
  }

  send(): unknown {
    this.stop();
    this.#made = this.#toBody(this.#factory());
    // The factory itself may have ended the call.
    if (this.#released) this.#made.release();
    return this.#made.send();
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
