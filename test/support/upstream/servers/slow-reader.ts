import { channel } from "node:diagnostics_channel";
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";

import { onTestFinished, vi } from "vitest";

/** A TCP server that reads only when the test says so. */
export interface SlowServer {
  readonly origin: string;
  readonly reader: SlowReader;
  /** Writes on its latest connection. */
  write(text: string): void;
}

/** One that is closed when the test is over; unlike a RawServer it keeps nothing of what it reads. */
export async function slowServer(): Promise<SlowServer> {
  const reader = new SlowReader();
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    reader.take(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reader,
    write: (text) => void sockets.at(-1)?.write(text),
  };
}

/** A server's end of an upload. */
export class SlowReader {
  /** Bytes that it has read. */
  read = 0;
  #stream: Duplex | null = null;

  /** Takes a socket or a stream over, and reads nothing of it yet. */
  take(stream: Duplex): void {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => (this.read += chunk.length));
    stream.pause();
  }

  get taken(): boolean {
    return this.#stream !== null;
  }

  /** Reads on until a condition holds. */
  async until(condition: () => boolean): Promise<void> {
    this.#stream?.resume();
    await vi.waitFor(() => condition() || Promise.reject(new Error("not yet")), {
      timeout: 5000,
      interval: 1,
    });
    this.#stream?.pause();
  }
}

/** How many bytes of request bodies undici has written since. */
export interface Sent {
  readonly bytes: number;
  /** Waits until no more can be written. */
  stalled(): Promise<void>;
}

/** Counts until the test is over. */
export function countSent(): Sent {
  let bytes = 0;
  const sent = channel("undici:request:bodyChunkSent");
  const count = (message: unknown): void => {
    bytes += Buffer.byteLength((message as { chunk: string | Uint8Array }).chunk);
  };
  sent.subscribe(count);
  onTestFinished(() => {
    sent.unsubscribe(count);
  });
  return {
    get bytes() {
      return bytes;
    },
    async stalled() {
      let before = -1;
      // real time: only the kernel knows when its buffers are full
      while (before !== bytes) {
        before = bytes;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    },
  };
}
