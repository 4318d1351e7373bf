import { context, type Context } from "@opentelemetry/api";
import type { AroundSend } from "@reissue/core";

/** Sending of an attempt in a context, within what was around it before. */
export class SendInContext implements AroundSend {
  readonly #context: Context;
  readonly #outer: AroundSend | null;

  constructor(own: Context, outer: AroundSend | null) {
    this.#context = own;
    this.#outer = outer;
  }

  run(send: () => void): void {
    if (this.#outer === null) context.with(this.#context, send);
    else this.#outer.run(() => context.with(this.#context, send));
  }
}
