import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, onTestFinished, test } from "vitest";

import { client } from "../../support/upstream/client.ts";
import { onHead, rawServer, type RawServer } from "../../support/upstream/servers/raw-server.ts";

interface Reader {
  /** Bytes that have come unread when the response is paused: with the last of the body. */
  readonly pausesAt: number;
  read(origin: string): Promise<AsyncIterable<Uint8Array>>;
}

const readers: Record<string, Reader> = {
  "upstream.request()": {
    pausesAt: 65_536,
    read: async (origin) => (await client().request(origin)).body,
  },
  "upstream()": { pausesAt: 131_072, read: async (origin) => (await client()(origin)).body! },
};

/** The ways to say where a body ends. */
const framings: Record<string, (length: number) => string> = {
  "the end of the connection": () => "Connection: close",
  "its length, on a connection that is to be closed": (length) =>
    `Connection: close\r\nContent-Length: ${length}`,
  "its length": (length) => `Content-Length: ${length}`,
};

/** A server that closes the connection once its whole response has come. */
async function closingServer(
  head: string,
  content: string,
  close: (socket: Socket) => void,
): Promise<RawServer> {
  return rawServer((socket) => {
    onHead(socket, () => {
      socket.write(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${content}`);
      // real time: no event announces that the client has taken everything
      setTimeout(() => close(socket), 30);
    });
  });
}

/** Waits until the server has closed the connection, and the client has noticed. */
async function closed(): Promise<void> {
  // real time: whether it is noticed is the question
  await new Promise((resolve) => setTimeout(resolve, 80));
}

/** Fails the test for an exception that nothing catches, as the process would end with it. */
function watchProcess(): readonly unknown[] {
  const uncaught: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  const note = (error: unknown): void => void uncaught.push(error);
  process.on("uncaughtException", note);
  onTestFinished(() => {
    process.off("uncaughtException", note);
    for (const listener of before) process.on("uncaughtException", listener);
  });
  return uncaught;
}

describe.each(Object.entries(readers))("a body that %s pauses", (_by, { pausesAt, read }) => {
  const content = "0123456789abcdef".repeat(pausesAt / 16);

  describe.each(Object.entries(framings))("and that ends by %s", (_framing, head) => {
    test("is complete if the server closes the connection meanwhile", async () => {
      const uncaught = watchProcess();
      const server = await closingServer(head(pausesAt), content, (socket) => socket.end());
      const body = await read(server.origin);
      await closed();
      expect(uncaught).toEqual([]);
      expect(await text(body)).toBe(content);
    });

    test("ends if the server resets the connection meanwhile", async () => {
      const uncaught = watchProcess();
      const reset = (socket: Socket): unknown => socket.resetAndDestroy();
      const server = await closingServer(head(pausesAt), content, reset);
      const body = await read(server.origin);
      await closed();
      expect(uncaught).toEqual([]);
      expect([content, "cut"]).toContain(await text(body).catch(() => "cut"));
    });
  });
});
