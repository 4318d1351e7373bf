import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";

import { drain, keepAlive } from "@reissue/server";
import { expect, onTestFinished, test } from "vitest";

import { certificate } from "../../support/upstream/servers/certificate.ts";

/** A server whose upgrades are somebody else's, as a WebSocket server's are. */
async function upgrading(server: Server = createServer()): Promise<Server> {
  const head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
  server.on("upgrade", (_request, socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {}).write(head);
  });
  server.listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return server;
}

/** A connection to it that has been upgraded. */
async function upgraded(server: Server, secure = false): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const socket = secure
    ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
    : connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nhost: x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
  await once(socket, "data");
  return socket;
}

test.each([
  ["http", () => createServer()],
  ["https", () => createSecureServer(certificate())],
])(
  "drain destroys upgraded connections of %s that came after keepAlive",
  async (protocol, open) => {
    const server = await upgrading(open());
    keepAlive(server, { behind: "nginx" });
    const socket = await upgraded(server, protocol === "https");
    const ends = [once(socket, "close"), once(server, "close")];
    await expect(drain(server, { lameDuckMs: 10, deadlineMs: 100 })).resolves.toEqual({
      destroyed: 1,
      left: 0,
    });
    await Promise.all(ends);
  },
);

test("drain() destroys a connection that is upgraded during the drain, and leaves an earlier one that it does not know", async () => {
  const server = await upgrading();
  const before = await upgraded(server);
  const drained = drain(server, { lameDuckMs: 100, deadlineMs: 200 });
  const closed = once(await upgraded(server), "close");
  await expect(drained).resolves.toEqual({ destroyed: 1, left: 1 });
  await closed;
  expect(before.closed).toBe(false);
});

test("drain waits for an application that ends its upgraded connections itself", async () => {
  const server = await upgrading();
  keepAlive(server, { behind: "nginx" });
  const sockets: Duplex[] = [];
  server.on("upgrade", (_request, socket) => sockets.push(socket));
  await upgraded(server);
  const drained = drain(server, { lameDuckMs: 10, deadlineMs: 20_000 });
  // real time: the connection must end after the drain has begun
  setTimeout(() => sockets[0]?.end(), 50);
  await expect(drained).resolves.toEqual({ destroyed: 0, left: 0 });
});
