import type { Socket } from "node:net";

import { publishServer } from "../diagnostics/publish-server.ts";

/** A server whose connections are watched. */
interface WatchedServer {
  readonly keepAliveTimeout?: number;
  /** How much longer than `keepAliveTimeout` Node waits; from Node 24 on. */
  readonly keepAliveTimeoutBuffer?: number;
  on(event: "connection" | "secureConnection", listener: (socket: Socket) => void): unknown;
}

const watched = new WeakSet<object>();

/** Buffer of Node versions that do not show theirs, in ms: none in Node 20, 1000 in the first of the others. */
const buffersMs = [0, 1000];

/**
 * Publishes each idle connection that a server closes at its own `keepAliveTimeout`: the load balancer before it keeps
 * connections for longer than `keepAlive` was told, and may meet one that is closing.
 */
export function watchIdleCloses(server: WatchedServer): void {
  if (watched.has(server)) return;
  watched.add(server);
  const watch = (socket: Socket): void => {
    // A listener of the server's `timeout` would keep Node from closing the connection.
    socket.on("timeout", () => {
      const idleMs = socket.timeout ?? 0;
      if (isKeepAlive(server, idleMs)) publishServer({ event: "idle-close", server, idleMs });
    });
  };
  server.on("connection", watch);
  // Over TLS the timeout is that of the socket within.
  server.on("secureConnection", watch);
}

/** Whether a socket's timeout is the one that Node sets once a response is sent; requests have the server's own. */
function isKeepAlive(server: WatchedServer, timeoutMs: number): boolean {
  const { keepAliveTimeout = 0, keepAliveTimeoutBuffer } = server;
  if (keepAliveTimeout === 0) return false;
  const buffers = keepAliveTimeoutBuffer === undefined ? buffersMs : [keepAliveTimeoutBuffer];
  return buffers.some((bufferMs) => timeoutMs === keepAliveTimeout + bufferMs);
}
