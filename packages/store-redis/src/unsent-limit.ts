/** How long commands share a signal, and how long after that it is aborted, in ms: what is node-redis' own timeout. */
const sharedForMs = 1000;
const abortAfterMs = 5000;

/** What of a client or pool of node-redis is used. */
export interface Limitable<Client> {
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
  #current: Client | null = null;

  constructor(client: Limitable<Client>) {
    this.#client = client;
  }

  /** Who sends the next command; it need not be given a timeout. */
  client(): Client {
    return (this.#current ??= this.#begin());
  }

  #begin(): Client {
    const { signal, abort } = manyHeard();
    const end = (): void => {
      this.#current = null;
      setTimeout(abort, abortAfterMs).unref();
    };
    setTimeout(end, sharedForMs).unref();
    return this.#client.withAbortSignal(signal);
  }
}

type Listener = (event: Event) => void;

/**
 * A signal that many listen to for a moment. Node looks through all listeners to add one or to remove it, and warns of
 * the eleventh: these are kept beside it.
 */
function manyHeard(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<Listener>();
  const own: Pick<AbortSignal, "addEventListener" | "removeEventListener"> = {
    addEventListener: (_type: string, listener: Listener) => void listeners.add(listener),
    removeEventListener: (_type: string, listener: Listener) => void listeners.delete(listener),
  };
  const abort = (): void => {
    controller.abort();
    for (const listener of listeners) listener(new Event("abort"));
  };
  return { signal: Object.assign(signal, own), abort };
}
