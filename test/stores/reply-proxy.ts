import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands between a client and a server, and can lose what the server says. */
export interface ReplyProxy {
  readonly port: number;
  /** From now on the server hears everything, and its replies reach nobody, until the connections are cut. */
  swallow(): void;
  /** Ends every connection; the next ones lose nothing. */
  cut(): void;
  close(): Promise<void>;
}

/** Opens a proxy in front of a server on this machine. */
export async function replyProxy(serverPort: number): Promise<ReplyProxy> {
  const sockets = new Set<Socket>();
  let isSwallowing = false;
  const proxy = createServer((client) => {
    const server = connect(serverPort, "127.0.0.1");
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => {
      if (!isSwallowing) client.write(bytes);
    });
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const cut = (): void => {
    isSwallowing = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (proxy.address() as AddressInfo).port,
    swallow() {
      isSwallowing = true;
    },
    cut,
    async close() {
      cut();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
