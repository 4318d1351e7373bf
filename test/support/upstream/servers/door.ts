import { connect, createServer, type Server } from "node:net";

import { onTestFinished } from "vitest";

/** A port before a server, which keeps connections waiting while it is shut. */
export class Door {
  /** Whether connections are led on to the server; those that came before wait for ever. */
  isOpen: boolean;
  /** Connections accepted so far. */
  connections = 0;
  readonly #server: Server;

  constructor(origin: string, isOpen: boolean) {
    this.isOpen = isOpen;
    const port = Number(new URL(origin).port);
    this.#server = createServer((socket) => {
      this.connections += 1;
      socket.on("error", () => {});
      onTestFinished(() => void socket.destroy());
      if (!this.isOpen) return;
      const server = connect(port, "127.0.0.1");
      server.on("error", () => socket.destroy());
      socket.on("close", () => server.destroy());
      socket.pipe(server).pipe(socket);
    });
    onTestFinished(() => void this.#server.close());
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }
}
