import type { Socket } from "node:net";

/** A connection of node:http's, as far as it knows its server. */
interface Connection extends Socket {
  readonly server?: ClosableServer;
}

/** What of a server is watched. */
export interface ClosableServer {
  closeAllConnections?(): void;
}

/** Whether a server is in the middle of closing all of its connections, for each that is watched. */
const closing = new WeakMap<ClosableServer, { isNow: boolean }>();

/**
 * Tells of a connection whether its server has destroyed it, by `closeAllConnections`: Node leaves no trace of that, and
 * the handlers of its requests go on. To be called once for a connection.
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
  const known = closing.get(server);
  if (known !== undefined) return known;
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
