import { createServer, type Server, type Socket } from "node:net";
import { onTestFinished, vi } from "vitest";

/** What a server does with a connection; `number` is 1 for the first. */
export type Script = (socket: Socket, number: number) => void;

/** A TCP server whose bytes the test writes itself: for answers that come early, late, in pieces or never. */
export class RawServer {
  /** Connections accepted so far. */
  connections = 0;
  /** Connections open now. */
  readonly open = new Set<Socket>();
  /** What each connection was sent, in latin1, by number less 1. */
  readonly received: string[] = [];
  readonly #server: Server;

  constructor(script: Script) {
    this.#server = createServer((socket) => {
      const index = this.connections++;
      this.received[index] = "";
      this.open.add(socket);
      socket.on("data", (data) => {
        this.received[index] += data.toString("latin1");
      });
      socket.on("error", () => {});
      socket.on("close", () => this.open.delete(socket));
      script(socket, index + 1);
    });
  }

  get origin(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  /** Resolves once the condition holds. */
  until(condition: (server: this) => boolean, timeout = 2000): Promise<void> {
    return vi.waitFor(
      () => {
        if (!condition(this)) throw new Error("the condition did not come true");
      },
      { timeout, interval: 2 },
    );
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.open) socket.destroy();
  }
}

/** A raw server that is closed when the test is over. */
export async function rawServer(script: Script): Promise<RawServer> {
  const server = new RawServer(script);
  await server.listen();
  onTestFinished(() => server.close());
  return server;
}

/** Calls `use` once the head of a request has come. */
export function onHead(socket: Socket, use: () => void): void {
  let text = "";
  const look = (data: Buffer): void => {
    text += data.toString("latin1");
    if (!text.includes("\r\n\r\n")) return;
    socket.off("data", look);
    use();
  };
  socket.on("data", look);
}
