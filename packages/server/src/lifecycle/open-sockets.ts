import type { Server } from "node:http";
import type { Socket } from "node:net";

const known = new WeakMap<object, Set<Socket>>();

/**
 * The sockets that a server has accepted since this was first called for it, and that are not closed yet.
 *
 * Node forgets those that it has handed over after an upgrade or a CONNECT: `closeAllConnections` passes them by, and
 * nothing that is public names them afterwards.
 */
export function openSockets(server: Pick<Server, "on">): ReadonlySet<Socket> {
  const before = known.get(server);
  if (before !== undefined) return before;
  const open = new Set<Socket>();
  known.set(server, open);
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return open;
}
