import type { Server } from "node:http";
import type { Socket } from "node:net";

const socketsOf = new WeakMap<object, Set<Socket>>();

/**
 * The open sockets that a server has accepted since the first call for it.
 *
 * Needed for upgraded connections and CONNECT: `closeAllConnections` skips them, and no public property of Node lists
 * them.
 */
export function openSockets(server: Pick<Server, "on">): ReadonlySet<Socket> {
  const existing = socketsOf.get(server);
  if (existing !== undefined) return existing;
  const open = new Set<Socket>();
  socketsOf.set(server, open);
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return open;
}
