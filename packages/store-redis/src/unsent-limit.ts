import { systemClock, type Clock } from "@reissue/core";

/** How long commands share a signal, in ms. */
const sharedForMs = 1000;

/** How long after it was first given to a command it is aborted, in ms: for the last one, node-redis' own 5 s. */
const abortAfterMs = 6000;

/** What of a client or pool of node-redis is used. Version 5 heeds neither in `sendCommand`. */
export interface Limitable<Client> {
  /** The same client, with such options of its own. */
  withCommandOptions(options: object): Limitable<Client>;
  /** The same client, which drops what it has not sent when the signal is aborted. */
  withAbortSignal(signal: AbortSignal): Client;
}

/**
 * Sees to it that a command which cannot be sent is dropped 5 to 6 s after it was asked for, and not sent long after its
 * caller has gone.
 *
 * From version 6 on node-redis does so with an `AbortSignal.timeout` for each command: two of them took a third of a
 * keyed request (22 of 60 µs on Fastify, Node 20.20). Here all commands of a second share one signal.
 */
export class UnsentLimit<Client> {
  readonly #client: Limitable<Client>;
  readonly #clock: Clock;
  #current: Client | null = null;
  #begunAtMs = 0;

  /** @param options - What each command is sent with. */
  constructor(client: Limitable<Client>, options: object, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#client = client.withCommandOptions({ ...options, timeout: 0 });
  }

  /** Who sends the next command. */
  client(): Client {
    const nowMs = this.#clock.now();
    // No timer ends it: after the loop stood still, one could come after the abort.
    if (this.#current === null || nowMs - this.#begunAtMs >= sharedForMs) {
      this.#begunAtMs = nowMs;
      this.#current = this.#begin();
    }
    return this.#current;
  }

  #begin(): Client {
    const { signal, abort } = manyHeard();
    this.#clock.setTimeout(abort, abortAfterMs, { background: true });
    return this.#client.withAbortSignal(signal);
  }
}

type Listener = (event: Event) => void;

/**
 * Listeners in the order in which they were added, which is about that in which they are removed: a command is sent after
 * those before it. No Set: the tables that it has outgrown keep what was in them alive.
 */
class Listeners {
  #listeners: (Listener | null)[] = [];
  /** None before this one is left. */
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

  /** Takes out the first; null where none is left. */
  take(): Listener | null {
    const listener = this.#listeners[this.#first] ?? null;
    if (listener !== null) this.delete(listener);
    return listener;
  }
}

/**
 * A signal that many listen to for a moment. Node looks through all listeners to add one or to remove it, and warns of
 * the eleventh: these are kept beside it.
 */
function manyHeard(): { readonly signal: AbortSignal; readonly abort: () => void } {
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
