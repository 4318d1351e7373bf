import { systemClock, type Clock } from "@reissue/core";

/** How long commands share a signal, in ms. */
const sharedForMs = 1000;

/** When a signal is aborted, in ms from its first command: for its last command, after node-redis' default of 5 s. */
const abortAfterMs = 6000;

/** A client or pool of node-redis whose `sendCommand` applies these options, as it does from version 6 on. */
export interface Limitable<Client> {
  /** The same client with command options. */
  withCommandOptions(options: object): Limitable<Client>;
  /** The same client with a signal: commands that have not been sent when it aborts are dropped. */
  withAbortSignal(signal: AbortSignal): Client;
}

/**
 * Drops a command that cannot be sent 5 to 6 s after its call, instead of sending it long after its caller has given up.
 *
 * From version 6 on node-redis does so with an `AbortSignal.timeout` for each command; here all commands of a second share
 * one signal.
 */
// perf: docs/performance.md#one-signal-a-second
export class UnsentLimit<Client> {
  readonly #client: Limitable<Client>;
  readonly #clock: Clock;
  #current: Client | null = null;
  #begunAtMs = 0;

  /** @param options - Options of every command. */
  constructor(client: Limitable<Client>, options: object, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#client = client.withCommandOptions({ ...options, timeout: 0 });
  }

  /** The client to send the next command with. */
  client(): Client {
    const nowMs = this.#clock.now();
    // Checked by time: a timer might run after the abort if the event loop was blocked.
    if (this.#current === null || nowMs - this.#begunAtMs >= sharedForMs) {
      this.#begunAtMs = nowMs;
      this.#current = this.#begin();
    }
    return this.#current;
  }

  #begin(): Client {
    const { signal, abort } = sharedSignal();
    this.#clock.setTimeout(abort, abortAfterMs, { background: true });
    return this.#client.withAbortSignal(signal);
  }
}

type Listener = (event: Event) => void;

/**
 * Listeners in the order in which they were added, which is roughly the order of their removal, since commands are sent in
 * order. An array, since the outgrown tables of a Set keep removed listeners alive.
 */
class Listeners {
  #listeners: (Listener | null)[] = [];
  /** Index of the first listener; those before it have been removed. */
  #first = 0;

  add(listener: Listener): void {
    this.#listeners.push(listener);
  }

  delete(listener: Listener): void {
    const at = this.#listeners.indexOf(listener, this.#first);
    if (at === -1) return;
    this.#listeners[at] = null;
    while (this.#listeners[this.#first] === null) this.#first += 1;
    if (this.#first < this.#listeners.length) return;
    this.#listeners = [];
    this.#first = 0;
  }

  /** Removes the first listener; null where there is none. */
  take(): Listener | null {
    const listener = this.#listeners[this.#first] ?? null;
    if (listener !== null) this.delete(listener);
    return listener;
  }
}

/**
 * A signal for many short-lived listeners, which are stored beside it: Node searches all listeners to add or remove one,
 * and warns at the eleventh.
 */
function sharedSignal(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Listeners();
  const own: Pick<AbortSignal, "addEventListener" | "removeEventListener"> = {
    addEventListener: (_type: string, listener: Listener) => listeners.add(listener),
    removeEventListener: (_type: string, listener: Listener) => listeners.delete(listener),
  };
  const abort = (): void => {
    controller.abort();
    let listener = listeners.take();
    while (listener !== null) {
      listener(new Event("abort"));
      listener = listeners.take();
    }
  };
  return { signal: Object.assign(signal, own), abort };
}
