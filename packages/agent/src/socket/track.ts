import type { Socket } from "node:net";

import type { AgentOrigin, ConnectAttempt } from "../origin/agent-origin.ts";
import type { WriteCallback } from "../node-internals.ts";
import { isClosedWhileIdle } from "./closed-while-idle.ts";
import { isConnectionDeath } from "./connection-death.ts";
import { SocketState, stateOf, stateSlot, userOf, type TrackedSocket } from "./socket-state.ts";

/**
 * Begins to track a socket that has just been made. What listens to it now is its own; what comes later is its request's.
 *
 * @param attempt - The connect that made it; null for a placeholder.
 */
export function track(
  socket: Socket,
  origin: AgentOrigin,
  attempt: ConnectAttempt | null,
): TrackedSocket {
  const tracked = socket as TrackedSocket;
  if (stateOf(socket) !== null) return tracked;
  const state = new SocketState(tracked, origin, attempt);
  Object.defineProperty(tracked, stateSlot, { value: state, configurable: true });
  Object.assign(tracked, methods);
  state.begin(tracked);
  return tracked;
}

/** Gives a socket its own methods back: it leaves HTTP, as a WebSocket or a tunnel. */
function untrack(socket: TrackedSocket): void {
  const state = socket[stateSlot];
  for (const name of Object.keys(methods) as (keyof typeof methods)[]) {
    // Node itself replaces `write` after a FIN, and others may have.
    if (socket[name] !== methods[name]) continue;
    delete (socket as Partial<TrackedSocket>)[name];
    // Where the socket had one of its own before.
    if (socket[name] !== state.node[name]) Object.assign(socket, { [name]: state.node[name] });
  }
}

/** Shared by all sockets: a closure for each would cost four functions a connection. */
const methods = {
  emit(this: TrackedSocket, ...args: [event: string | symbol, ...unknown[]]): boolean {
    const state = this[stateSlot];
    switch (args[0]) {
      case "data":
        // Bytes on an idle connection belong to no request, and would be taken for the response to the next one.
        if (state.isIdle) state.discard(this);
        else {
          const user = userOf(this);
          if (user !== null && user.isPending) user.onFirstByte();
        }
        break;
      case "end":
      case "close":
        if (!state.isAbandoned && isTaken(this, state)) return true;
        break;
      case "free":
        state.origin.onFree(this);
        break;
      case "agentRemove":
        if (!state.isAbandoned) untrack(this);
        break;
    }
    return Reflect.apply(state.node.emit, this, args) as boolean;
  },

  write(
    this: TrackedSocket,
    data: string | Uint8Array,
    second?: BufferEncoding | null | WriteCallback,
    third?: WriteCallback,
  ): boolean {
    const user = userOf(this);
    if (user === null || !user.isPending) {
      return this[stateSlot].node.write.call(this, data, second as BufferEncoding, third);
    }
    if (typeof second === "function") return user.onWrite(this, data, null, second);
    return user.onWrite(this, data, second, third);
  },

  destroy(this: TrackedSocket, error?: Error): TrackedSocket {
    const state = this[stateSlot];
    if (!this.destroyed && !state.isAbandoned) {
      const user = userOf(this);
      if (state.isIdle && error === undefined && isClosedWhileIdle(this, state.bytesRead)) {
        state.noteIdleClose();
      } else if (state.isPlaceholder || user?.isDestroyed === true || !isConnectionDeath(error)) {
        state.isDestroyedByClient = true;
        if (user !== null) user.onDestroy(this, error);
        else if (!state.connected && state.attempt !== null)
          state.origin.onCancelled(state.attempt);
      } else if (user === null) {
        state.noteIdleClose();
      } else if (user.onDeath(this, error)) {
        return this;
      }
    }
    return state.node.destroy.call(this, error) as TrackedSocket;
  },

  uncork(this: TrackedSocket): void {
    const state = this[stateSlot];
    if (!state.isHolding) state.node.uncork.call(this);
  },
};

/** Whether an end of the connection is dealt with, so that nobody who listens may hear of it. */
function isTaken(socket: TrackedSocket, state: SocketState): boolean {
  const user = userOf(socket);
  if (user === null) state.noteIdleClose();
  return user !== null && !state.isDestroyedByClient && user.onDeath(socket, null);
}
