import type { Socket } from "node:net";

import type { Listener } from "../node-internals.ts";

/** An event of a socket and one that listens to it. */
export type Registration = readonly [event: string | symbol, listener: Listener];

/** Methods of a connecting socket that add listeners of Node's own, which stay with the socket. */
const connectingMethods = ["_read", "_write", "_writev", "_final"] as const;

/** The events that these methods listen to. */
const connectingEvents = ["connect", "close"] as const;

/** The listeners that belong to a socket itself, its agent's among them; all others belong to its request. */
export class OwnListeners {
  readonly #own = new Map<string | symbol, Listener[]>();
  /** What Node's methods added while the socket connected, which is gone once it is connected. */
  #ofConnecting: Registration[] = [];

  /** Takes those that listen now for the socket's own. */
  add(socket: Socket): void {
    for (const event of socket.eventNames()) {
      this.#own.set(event, socket.rawListeners(event) as Listener[]);
    }
  }

  /**
   * Counts what Node's methods add while the socket connects as its own: moved, such listeners would write twice.
   *
   * @returns what ends it, once the socket is connected.
   */
  watchConnecting(socket: Socket): () => void {
    const methods = socket as unknown as Record<string, Listener | undefined>;
    const originals = connectingMethods.map((name) => [name, methods[name]] as const);
    for (const [name, original] of originals) {
      if (original === undefined) continue;
      methods[name] = (...args) => {
        const before = connectingEvents.map((event) => socket.listenerCount(event));
        Reflect.apply(original, socket, args);
        for (const [index, event] of connectingEvents.entries()) {
          const added = (socket.rawListeners(event) as Listener[]).slice(before[index]);
          for (const listener of added) this.#ofConnecting.push([event, listener]);
        }
      };
    }
    return () => {
      this.#ofConnecting = [];
      this.#forgetPast(socket);
      // Put back, not deleted.
      // perf: docs/performance.md#methods-of-a-socket
      for (const [name, original] of originals)
        if (original !== undefined) methods[name] = original;
    };
  }

  /**
   * Forgets listeners that are not called any more. One that waited for the connection holds the request that it was made
   * for, and, with the error of a request's last send, the socket before: all requests since the first would stay.
   */
  #forgetPast(socket: Socket): void {
    for (const [event, listeners] of this.#own) {
      const present = socket.rawListeners(event) as Listener[];
      this.#own.set(
        event,
        listeners.filter((listener) => present.includes(listener)),
      );
    }
  }

  /** The listeners that are not the socket's own, in their order; `once` listeners in their wrappers. */
  others(socket: Socket): Registration[] {
    return socket.eventNames().flatMap((event) => {
      const own = [...(this.#own.get(event) ?? [])];
      for (const [connectingEvent, listener] of this.#ofConnecting) {
        if (connectingEvent === event) own.push(listener);
      }
      return (socket.rawListeners(event) as Listener[])
        .filter((listener) => {
          const at = own.indexOf(listener);
          if (at !== -1) own.splice(at, 1);
          return at === -1;
        })
        .map((listener) => [event, listener] as const);
    });
  }
}
