import { createHash } from "node:crypto";
import { once } from "node:events";

import { getGlobalDispatcher, setGlobalDispatcher, WebSocket } from "undici";
import { expect, onTestFinished, test } from "vitest";

import { outbound } from "../../support/upstream/open-upstream.ts";
import { onHead, rawServer, type RawServer } from "../../support/upstream/servers/raw-server.ts";

// RFC 6455 §1.3.
const magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A WebSocket server that sends one frame, `hello`, and then echoes bytes. */
function greeter(): Promise<RawServer> {
  return rawServer((socket, number) => {
    onHead(socket, () => {
      const head = server?.received[number - 1] ?? "";
      const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? "";
      const accept = createHash("sha1")
        .update(key + magic)
        .digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.write(Buffer.from([0x81, 5, ...Buffer.from("hello")]));
    });
  });
}

let server: RawServer | null = null;

test("a WebSocket opens through the dispatcher and closes without disturbing it", async () => {
  server = await greeter();
  const { dispatcher } = outbound();
  const socket = new WebSocket(server.origin.replace("http:", "ws:"), { dispatcher });
  const [event] = (await once(socket, "message")) as [{ data: string }];
  expect(event.data).toBe("hello");
  await dispatcher.close();
  expect(socket.readyState).toBe(socket.OPEN);
  socket.close();
});

test.skipIf(globalThis.WebSocket === undefined)(
  "the WebSocket of Node opens through the global dispatcher and closes without disturbing it",
  async () => {
    server = await greeter();
    const before = getGlobalDispatcher();
    onTestFinished(() => setGlobalDispatcher(before));
    setGlobalDispatcher(outbound().dispatcher);
    const socket = new globalThis.WebSocket(server.origin.replace("http:", "ws:"));
    const data = await new Promise((resolve) => {
      socket.addEventListener("message", (event) => resolve(event.data));
    });
    expect(data).toBe("hello");
    socket.close();
  },
);
