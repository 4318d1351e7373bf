import type { Socket } from "node:net";

/** A connection of node:http, with the server that has accepted it. */
interface Connection extends Socket {
  readonly server?: ClosableServer;
}

/** The part of a server that is watched. */
export interface ClosableServer {
  closeAllConnections?(): void;
}

/** Whether a server is closing all of its connections right now, for each watched server. */
const closing = new WeakMap<ClosableServer, { isNow: boolean }>();

/**
 * Watches whether a connection is destroyed by its server, in `closeAllConnections`: Node leaves no trace of that, and the
 * handlers of its requests go on. To be called once for a connection.
 */
export function watchServerClosing(socket: Connection): { readonly isByServer: boolean } {
  const destroyed = { isByServer: false };
  const state = socket.server === undefined ? null : stateOf(socket.server);
  if (state === null) return destroyed;
  const destroy = socket.destroy.bind(socket);
  socket.destroy = function reissueDestroy(error) {
    destroyed.isByServer ||= state.isNow && !socket.destroyed;
    return destroy(error);
  };
  return destroyed;
}

function stateOf(server: ClosableServer): { readonly isNow: boolean } | null {
  const existing = closing.get(server);
  if (existing !== undefined) return existing;
  const close = server.closeAllConnections?.bind(server);
  if (close === undefined) return null;
  const state = { isNow: false };
  closing.set(server, state);
  server.closeAllConnections = function reissueCloseAllConnections() {
    state.isNow = true;
    try {
      return close();
    } finally {
      state.isNow = false;
    }
  };
  return state;
}
