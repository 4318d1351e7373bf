import type { RequestListener } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";

import { onTestFinished } from "vitest";

/** An HTTPS server, and the TCP sockets below TLS in the order in which they were accepted. */
export interface TlsServer {
  readonly origin: string;
  readonly sockets: readonly Socket[];
  /** Resets the newest connection. */
  resetLast(): void;
}

/**
 * An HTTPS server that is closed when the test is over.
 *
 * @param onAccept - Sees each TCP socket before the handshake; `number` is 1 for the first.
 */
export async function tlsServer(
  options: ServerOptions,
  listener: RequestListener,
  onAccept: (socket: Socket, number: number) => void = () => {},
): Promise<TlsServer> {
  const sockets: Socket[] = [];
  const server = createServer({ keepAliveTimeout: 60_000, ...options }, listener);
  server.on("connection", (socket: Socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    onAccept(socket, sockets.length);
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    resetLast: () => void sockets.at(-1)?.resetAndDestroy(),
  };
}
