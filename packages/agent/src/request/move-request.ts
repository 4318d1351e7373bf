import type { EventEmitter } from "node:events";

import type { Listener, NodeRequest, NodeSocket } from "../node-internals.ts";
import type { Registration } from "../socket/own-listeners.ts";
import { stateSlot, type TrackedSocket } from "../socket/socket-state.ts";

/** What a socket emits on its way to being connected; clients wait for it to end their connect timers. */
const connectEvents: readonly (string | symbol)[] = ["connect", "ready", "secureConnect"];

/** Whether everything that a move touches is as Node 20 to 26 have it; another Node gets its own error instead. */
export function canMove(request: NodeRequest, from: NodeSocket): boolean {
  return (
    request.socket === from &&
    from._httpMessage === request &&
    from.parser?.socket === from &&
    request.parser === from.parser &&
    Array.isArray(request.outputData) &&
    typeof request._flush === "function"
  );
}

/**
 * Moves a request, with its parser and with everything that listens on its behalf, to another socket.
 *
 * The request itself never learns of it: neither `socket` nor any other of its events is emitted twice.
 */
export function moveRequest(request: NodeRequest, from: TrackedSocket, to: TrackedSocket): void {
  moveListeners(from, to);
  const { parser, timeout = 0 } = from;
  if (parser != null) parser.socket = to;
  to.parser = parser ?? null;
  from.parser = null;
  to._httpMessage = request;
  from._httpMessage = null;
  request.socket = to;
  request.reusedSocket = false;
  if (timeout > 0) {
    from.setTimeout(0);
    // A socket that createConnection has made may be any duplex stream.
    to.setTimeout?.(timeout);
  }
}

function moveListeners(from: TrackedSocket, to: TrackedSocket): void {
  const moved: Registration[] = [];
  const missed: Registration[] = [];
  for (const [event, listener] of from[stateSlot].listenersOfRequest(from)) {
    from.removeListener(event, listener);
    // A socket of the agent's that stands already will never say so again.
    const isMissed = to[stateSlot].connected && connectEvents.includes(event);
    if (isMissed) missed.push([event, listener]);
    else moved.push([event, addListener(to, event, listener)]);
  }
  to[stateSlot].addMovedIn(moved);
  for (const [, listener] of missed) Reflect.apply(innerOf(listener) ?? listener, to, []);
}

/** @returns the listener by which it can be removed again. */
function addListener(to: EventEmitter, event: string | symbol, listener: Listener): Listener {
  const inner = innerOf(listener);
  if (inner === undefined) to.on(event, listener);
  else to.once(event, inner);
  return inner ?? listener;
}

/** The listener in the wrapper that `once` has put around it. */
function innerOf(listener: Listener): Listener | undefined {
  return (listener as { listener?: Listener }).listener;
}
