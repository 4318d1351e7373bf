import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

const maxTries = 50;
const retryMs = 20;

/** A listening port that can be closed, and opened again with the same number. */
export class Listener {
  /** The port; known once {@link Listener.open} has resolved. */
  port: number;
  readonly #host: string;
  readonly #onSocket: (socket: Socket) => void;
  #server: Server | null = null;
  #opening: Promise<void> | null = null;
  #opened = false;
  #drained: Promise<void> = Promise.resolve();

  constructor(port: number, host: string, onSocket: (socket: Socket) => void) {
    this.port = port;
    this.#host = host;
    this.#onSocket = onSocket;
  }

  /**
   * Listens, unless it does already.
   *
   * @throws the system's error when the port is taken
   */
  open(): Promise<void> {
    if (this.#server !== null) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Stops listening, so that new connections are refused; accepted sockets stay open. */
  async stop(): Promise<void> {
    // A listen that is under way cannot be cancelled: the address is still being looked up.
    if (this.#opening !== null) await this.#opening.catch(() => {});
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    this.#drained = Promise.all([this.#drained, closed]).then(() => {});
  }

  /** Resolves when the accepted sockets of all stopped servers have closed. */
  drained(): Promise<void> {
    return this.#drained;
  }

  async #open(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#onSocket);
    for (let tried = 1; ; tried += 1) {
      try {
        server.listen({ port: this.port, host: this.#host, backlog: 4_096 });
        await once(server, "listening");
        break;
      } catch (error) {
        // After a restart another process may hold the port for a moment; at the first listen it is taken.
        if (!this.#opened || tried === maxTries) throw error;
        await setTimeout(retryMs);
      }
    }
    // Out of file descriptors: the client's connect fails, as in production.
    server.on("error", () => {});
    this.#server = server;
    this.#opened = true;
    this.port = (server.address() as AddressInfo).port;
  }
}
