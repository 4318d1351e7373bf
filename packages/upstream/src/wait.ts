import type { Clock, Timer } from "@reissue/core";

import type { InContext } from "./context.ts";
import type { ExchangeHost, ParkedCall } from "./exchange-host.ts";

/** The wait of one call for something that is not on its connection: for a connection, or the end of a back-off. */
export class Wait {
  readonly #host: ExchangeHost;
  readonly #call: ParkedCall & InContext;
  readonly #clock: Clock;
  #timer: Timer | null = null;

  constructor(host: ExchangeHost, call: ParkedCall & InContext, clock: Clock) {
    this.#host = host;
    this.#call = call;
    this.#clock = clock;
  }

  /** Waits, for as long as it takes. */
  begin(): void {
    this.#host.onPark(this.#call);
  }

  /** Waits, and goes on after `delayMs`, in the context of the call, unless the wait has ended before. */
  beginFor(delayMs: number, goOn: () => void): void {
    this.begin();
    const onTimer = (): void => {
      this.#timer = null;
      this.end();
      goOn();
    };
    this.#timer = this.#clock.setTimeout(
      () => this.#call.context.runInAsyncScope(onTimer),
      delayMs,
    );
  }

  /** Ends the wait, if there is one. */
  end(): void {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    this.#host.onUnpark(this.#call);
  }
}
