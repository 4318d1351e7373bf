import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers";

import type { Method } from "./response-methods.ts";

/**
 * The step that completes a response, delayed until the response is stored: its `end`, or the write or head after which
 * nothing more of it is to come.
 */
export class DelayedEnd {
  readonly #response: ServerResponse;
  /** Null where the response is not complete yet, or was stored at once. */
  #storing: Promise<unknown> | null = null;
  #isRunning = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Whether the delayed step is running: an `end` that was patched in by others may come down to a write. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Delays every further step until a promise has settled; null for no delay. */
  waitFor(storing: Promise<unknown> | null): void {
    this.#storing = storing;
  }

  /**
   * Calls a method of the response, now or once the response is stored.
   *
   * @returns the method's result; true where the call is delayed.
   */
  run(method: Method, args: readonly unknown[]): unknown {
    if (this.#storing === null) return this.#run(method, args);
    this.#storing
      .then(() => this.#run(method, args))
      .catch((error: unknown) => this.#response.destroy(error as Error));
    return true;
  }

  #run(method: Method, args: readonly unknown[]): unknown {
    this.#isRunning = true;
    try {
      return Reflect.apply(method, this.#response, args);
    } catch (error) {
      // Nothing else can end the response any more, and the stored one is not what the client has.
      this.#response.destroy(error as Error);
      throw error;
    } finally {
      this.#isRunning = false;
    }
  }
}

type Callback = (error?: Error) => void;

/** Does what Node does with a write after the end, but for its error event: Node's end may not have been called yet. */
export function writeAfterEnd(args: readonly unknown[]): false {
  const error = Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" });
  const callback = callbackOf(args);
  if (callback !== undefined) setImmediate(callback, error);
  return false;
}

/** Does what Node does with a second `end`, whether the first has been delayed or not. */
export function endAgain(response: ServerResponse, args: readonly unknown[], end: Method): unknown {
  const callback = callbackOf(args);
  if (args[0] && typeof args[0] !== "function") writeAfterEnd(args);
  else if (response.finished) return Reflect.apply(end, response, args);
  else if (callback !== undefined) response.once("finish", callback);
  return response;
}

function callbackOf(args: readonly unknown[]): Callback | undefined {
  return args.find((arg) => typeof arg === "function") as Callback | undefined;
}
