import type { Dispatcher } from "undici";

/** What a handler was called with, in order, and a handler of either style that throws in one of its callbacks. */
export class Heard {
  readonly names: string[] = [];
  readonly #throwing: string;
  #settle: () => void = () => {};
  /** Settles a turn after the handler was told of the end or of an error. */
  readonly over: Promise<void> = new Promise((resolve) => {
    this.#settle = () => void setImmediate(resolve);
  });

  constructor(throwing = "nowhere") {
    this.#throwing = throwing;
  }

  /** Undici 7's and 8's style. */
  get newer(): Dispatcher.DispatchHandler {
    return {
      onRequestStart: () => this.#hear("start"),
      onRequestUpgrade: () => this.#hear("upgrade"),
      onResponseStart: (_controller, status) => this.#hear(`head ${status}`),
      onResponseData: () => this.#hear("data"),
      onResponseEnd: () => this.#hear("end"),
      onResponseError: (_controller, error) => this.#fail(error),
    };
  }

  /** Undici 6's style. */
  get older(): Dispatcher.DispatchHandler {
    return {
      onConnect: () => this.#hear("start"),
      onUpgrade: () => this.#hear("upgrade"),
      onHeaders: (status) => (this.#hear(`head ${status}`), true),
      onData: () => (this.#hear("data"), true),
      onComplete: () => this.#hear("end"),
      onError: (error) => this.#fail(error),
    };
  }

  #hear(name: string): void {
    this.names.push(name);
    if (name === "end") this.#settle();
    if (name === this.#throwing) throw new Error(`thrown in ${name}`);
  }

  #fail(error: Error): void {
    this.names.push(error.message);
    this.#settle();
  }
}
