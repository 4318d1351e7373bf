import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";

const LISTEN_TRIES = 50;
const LISTEN_RETRY_MS = 20;

/** A listening port that can be closed and opened again under the same number. */
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
   * Listens; nothing happens when it already does.
   *
   * @throws the system's error when the port cannot be had
   */
  open(): Promise<void> {
    if (this.#server !== null) return Promise.resolve();
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Stops listening, so that connects are refused; accepted sockets live on. */
  async stop(): Promise<void> {
    // A listen that is under way cannot be called off: the address is still being looked up.
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
    for (let tried = 1; ; tried++) {
      try {
        server.listen({ port: this.port, host: this.#host, backlog: 4_096 });
        await once(server, "listening");
        break;
      } catch (error) {
        // On the way back up, somebody may hold the port for a moment; on the first listen it is simply taken.
        if (!this.#opened || tried === LISTEN_TRIES) throw error;
        await setTimeout(LISTEN_RETRY_MS);
      }
    }
    // Out of file descriptors: the client sees its connect fail, which is what this server is for.
    server.on("error", () => {});
    this.#server = server;
    this.#opened = true;
    this.port = (server.address() as AddressInfo).port;
  }
}
