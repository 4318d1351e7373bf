import type { Socket } from "node:net";

import { idleCloseChannel } from "@reissue/core";

import type { AgentOrigin, ConnectAttempt } from "../origin/agent-origin.ts";
import type { NodeSocket, WriteCallback } from "../node-internals.ts";
import { OwnListeners, type Registration } from "./own-listeners.ts";

/** Where a socket carries its {@link SocketState}. */
export const stateSlot: unique symbol = Symbol("reissue.socket");

/** Where a request carries the {@link SocketUser} that speaks for it. */
export const userSlot: unique symbol = Symbol("reissue.request");

/** What a socket tells, and asks, about the request that it carries. */
export interface SocketUser {
  /** Whether no byte of the response has come yet. */
  readonly isPending: boolean;
  /** Whether its client has ended it, for a reason that may look like a connection's death. */
  readonly isDestroyed: boolean;
  onConnected(): void;
  onWrite(
    socket: TrackedSocket,
    data: string | Uint8Array,
    encoding: BufferEncoding | null | undefined,
    callback: WriteCallback | undefined,
  ): boolean;
  onFirstByte(): void;
  /** @returns whether the request lives on elsewhere; if not, Node is told of the death as it would have been. */
  onDeath(socket: TrackedSocket, error: Error | null): boolean;
  /** Told of a `destroy` that no connection's death explains. */
  onDestroy(socket: TrackedSocket, error: Error | undefined): void;
}

/** A socket of an agent, with what the agent knows about it. */
export interface TrackedSocket extends NodeSocket {
  [stateSlot]: SocketState;
}

/** Node's own methods of a socket, under the agent's. */
export interface SocketMethods {
  readonly emit: Socket["emit"];
  readonly write: (
    this: Socket,
    data: string | Uint8Array,
    encoding: BufferEncoding | null | undefined,
    callback: WriteCallback | undefined,
  ) => boolean;
  readonly destroy: Socket["destroy"];
  readonly uncork: Socket["uncork"];
}

/** What an agent knows about one socket. */
export class SocketState {
  readonly origin: AgentOrigin;
  readonly node: SocketMethods;
  /** The connect that made it; null for a placeholder. */
  readonly attempt: ConnectAttempt | null;
  /** Responses that came whole on it. */
  served = 0;
  /** Since when it has had nothing to do, in ms of the clock. */
  idleSinceMs: number;
  /** The server's latest Keep-Alive hint, as it was sent. */
  hint: string | undefined;
  /** What that allows, less a buffer, in ms. */
  hintMs: number = Infinity;
  /** Whether it is connected, TLS included. */
  connected: boolean;
  /** The least time that a round trip on it was seen to take, in ms. */
  roundTripMs: number = Infinity;
  /** Whether writes are held back until the event loop has turned. */
  isHolding = false;
  /** Whether it waits in the agent's list of free sockets. */
  isIdle = false;
  /** Bytes that had been read when it became idle. */
  bytesRead = 0;
  /** Whether its request has moved away, so that nothing it says concerns any. */
  isAbandoned = false;
  /** Whether it was destroyed on purpose rather than by the other side. */
  isDestroyedByClient = false;
  readonly #listeners = new OwnListeners();
  #movedIn: Registration[] = [];

  /** @param attempt - The connect that made it; null for a placeholder. */
  constructor(socket: NodeSocket, origin: AgentOrigin, attempt: ConnectAttempt | null) {
    // oxlint-disable-next-line typescript/unbound-method -- They are called with their socket.
    const { emit, write, destroy, uncork, secureConnecting, connecting } = socket;
    this.node = { emit, write: write as SocketMethods["write"], destroy, uncork };
    this.origin = origin;
    this.attempt = attempt;
    this.idleSinceMs = origin.clock.now();
    this.connected = attempt !== null && !connecting && secureConnecting !== true;
  }

  /** Whether it only stands in for a socket that does not exist yet: what is written on it is logged, nothing else. */
  get isPlaceholder(): boolean {
    return this.attempt === null;
  }

  /** Takes those that listen now for the socket's own, and learns when it is connected. */
  begin(socket: TrackedSocket): void {
    if (!this.connected && this.attempt !== null) this.#watchConnecting(socket, this.attempt);
    this.#listeners.add(socket);
  }

  /** The listeners that would move with its request. */
  listenersOfRequest(socket: Socket): Registration[] {
    return this.#listeners.others(socket);
  }

  /** Takes note of listeners that moved in with a request. */
  addMovedIn(registrations: Registration[]): void {
    this.#movedIn = registrations;
  }

  /** Removes what moved in with a request that has ended: clients remove their listeners from the socket they were given. */
  removeMovedIn(socket: Socket): void {
    if (this.#movedIn.length === 0) return;
    for (const [event, listener] of this.#movedIn) socket.removeListener(event, listener);
    this.#movedIn = [];
  }

  /** Holds back what is written from now on, until {@link release}. */
  hold(socket: Socket): void {
    this.isHolding = true;
    socket.cork();
  }

  /** Writes what was held back. */
  release(socket: Socket): void {
    this.isHolding = false;
    while (socket.writableCorked > 0) this.node.uncork.call(socket);
  }

  /** Takes note of how long a request took from its write to the end of its response: no round trip is longer. */
  takeExchange(ms: number): void {
    if (ms < this.roundTripMs) this.roundTripMs = ms;
  }

  /** Takes note, once, that the server has closed the connection while it carried nothing. */
  noteIdleClose(): void {
    if (!this.isIdle || this.isDestroyedByClient) return;
    this.isIdle = false;
    const { client, name: origin, clock, idleLimit } = this.origin;
    const nowMs = clock.now();
    const idleMs = nowMs - this.idleSinceMs;
    idleLimit.onDeath(idleMs, nowMs);
    if (idleCloseChannel.hasSubscribers) idleCloseChannel.publish({ client, origin, idleMs });
  }

  /** Destroys a socket whose request has moved away, or that carries none. */
  discard(socket: Socket): void {
    this.isAbandoned = true;
    this.isIdle = false;
    socket.on("error", () => {});
    this.node.destroy.call(socket);
  }

  #watchConnecting(socket: TrackedSocket, attempt: ConnectAttempt): void {
    const { origin } = this;
    const unwatch = this.#listeners.watchConnecting(socket);
    let sinceMs = attempt.startedAtMs;
    socket.once("lookup", () => {
      sinceMs = origin.clock.now();
    });
    socket.once("connect", () => this.takeExchange(origin.clock.now() - sinceMs));
    socket.once(socket.encrypted === true ? "secureConnect" : "connect", () => {
      unwatch();
      this.connected = true;
      this.idleSinceMs = origin.clock.now();
      origin.onConnected(this.idleSinceMs);
      userOf(socket)?.onConnected();
    });
  }
}

/** What an agent knows about a socket; null for one that is not tracked. */
export function stateOf(socket: Socket): SocketState | null {
  return (socket as Partial<TrackedSocket>)[stateSlot] ?? null;
}

/** The request that a socket carries, if one of our agents sent it. */
export function userOf(socket: NodeSocket): SocketUser | null {
  const request = socket._httpMessage as { [userSlot]?: SocketUser } | null | undefined;
  return request?.[userSlot] ?? null;
}
