import { derivedKey } from "@reissue/core";

/**
 * The idempotency keys of the outbound calls that one inbound request makes.
 *
 * A step is a method and a URL, and which of the calls with these it is: a handler that runs again for the same inbound
 * key makes the same calls, in whatever order calls to different URLs are made.
 */
export class OutboundKeys {
  readonly #scope: string;
  readonly #key: string;
  readonly #calls = new Map<string, number>();

  constructor(scope: string, key: string) {
    this.#scope = scope;
    this.#key = key;
  }

  /** The key of the next call. */
  readonly next: (method: string, url: string) => string = (method, url) => {
    const call = `${method} ${url}`;
    const number = (this.#calls.get(call) ?? 0) + 1;
    this.#calls.set(call, number);
    return derivedKey({ scope: this.#scope, key: this.#key, step: `${number} ${call}` });
  };
}
