import type { Socket } from "node:net";

import { onHead, rawServer, type RawServer } from "./raw-server.ts";

/** A server whose responses come when the test says so. */
export interface DripServer {
  readonly origin: string;
  readonly server: RawServer;
  /** Requests whose heads have come. */
  readonly heads: number;
  /** Sends the head of the response to the latest request, with a declared length, or chunked without one. */
  head(length?: number): void;
  /** Sends a part of that response, in bytes of `.`. */
  drip(bytes: number): void;
  /** Sends the end of a chunked one. */
  end(): void;
}

/** One that is closed when the test is over. */
export async function dripServer(): Promise<DripServer> {
  let heads = 0;
  let latest: Socket | null = null;
  let chunked = false;
  const server = await rawServer((socket) => {
    onHead(socket, () => {
      heads += 1;
      latest = socket;
    });
  });
  return {
    origin: server.origin,
    server,
    get heads() {
      return heads;
    },
    head(length) {
      chunked = length === undefined;
      const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`;
      latest?.write(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
    },
    drip(bytes) {
      const part = ".".repeat(bytes);
      latest?.write(chunked ? `${bytes.toString(16)}\r\n${part}\r\n` : part);
    },
    end() {
      latest?.write("0\r\n\r\n");
    },
  };
}
