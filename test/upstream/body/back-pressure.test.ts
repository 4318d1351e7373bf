import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { client } from "../../support/upstream/client.ts";
import { onHead, rawServer, type RawServer } from "../../support/upstream/servers/raw-server.ts";

const mebibyte = 1 << 20;
const total = 64 * mebibyte;
const piece = Buffer.alloc(65_536, "0123456789abcdef");

/** What the kernel, the sockets and the streams on the way may hold together; the kernel's buffers grow to 6 MiB. */
const mostUnread = 24 * mebibyte;

function* answer(framing: string): Generator<Buffer | string> {
  const chunked = framing.startsWith("Transfer");
  yield `HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`;
  for (let sent = 0; sent < total; sent += piece.length) {
    if (chunked) yield "10000\r\n";
    yield piece;
    if (chunked) yield "\r\n";
  }
  if (chunked) yield "0\r\n\r\n";
}

async function flooding(framing: string): Promise<{ server: RawServer; sent: () => number }> {
  const sockets: Socket[] = [];
  const server = await rawServer((socket) => {
    sockets.push(socket);
    onHead(socket, () => void Readable.from(answer(framing)).pipe(socket, { end: false }));
  });
  return { server, sent: () => sockets[0]?.bytesWritten ?? 0 };
}

/** Waits until the server can write no more. */
async function stuck(sent: () => number): Promise<number> {
  // real time: a full socket announces itself only by silence
  for (let before = -1; before < sent(); await setTimeout(50)) before = sent();
  return sent();
}

describe.each([`Content-Length: ${total}`, "Transfer-Encoding: chunked"])(
  "a response of 64 MiB, %s",
  (framing) => {
    test("is not taken faster than upstream.request() reads it, and is complete in the end", async () => {
      const { server, sent } = await flooding(framing);
      const { body } = await client().request(server.origin);
      expect(await stuck(sent)).toBeLessThan(mostUnread);
      let read = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        if (read === 0) {
          // real time: the socket must fill up meanwhile
          await setTimeout(20);
          expect(await stuck(sent)).toBeLessThan(mostUnread);
        }
        read += chunk.length;
      }
      expect(read).toBe(total);
    });

    test("is not taken faster than upstream() reads it, and is complete in the end", async () => {
      const { server, sent } = await flooding(framing);
      const response = await client()(server.origin);
      const reader = response.body!.getReader();
      let read = (await reader.read()).value?.byteLength ?? 0;
      expect(await stuck(sent)).toBeLessThan(mostUnread);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        read += value.byteLength;
      }
      expect(read).toBe(total);
    });
  },
);

describe("a reader that stops early", () => {
  test.each([
    ["by cancelling", async (response: Response) => response.body?.cancel()],
    [
      "by leaving its loop",
      async (response: Response) => {
        for await (const _chunk of response.body as unknown as AsyncIterable<Uint8Array>) break;
      },
    ],
  ])("frees the connection of upstream() %s", async (_how, leave) => {
    const { server } = await flooding(`Content-Length: ${total}`);
    const upstream = client({ connections: 1 });
    for (let round = 1; round <= 2; round += 1) {
      await leave(await upstream(server.origin));
      await server.until(({ open }) => open.size === 0);
      expect(server.connections).toBe(round);
    }
    await upstream.close();
  });

  test.each([
    ["destroy", (body: { destroy(): void }) => body.destroy()],
    ["dump", (body: { dump(): Promise<unknown> }) => void body.dump().catch(() => {})],
  ])("frees the connection of upstream.request() by %s", async (_how, leave) => {
    const { server } = await flooding(`Content-Length: ${total}`);
    const upstream = client({ connections: 1 });
    for (let round = 1; round <= 2; round += 1) {
      const { body } = await upstream.request(server.origin);
      body.on("error", () => {});
      leave(body);
      await server.until(({ open }) => open.size === 0);
      expect(server.connections).toBe(round);
    }
    await upstream.close();
  });
});
