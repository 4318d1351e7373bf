import { Agent } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** An agent whose only socket is given, and that never closes it by itself, whatever a Keep-Alive header says. */
export class SocketAgent extends Agent {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
  }

  override createConnection(): Socket {
    return this.#socket;
  }

  override keepSocketAlive(_socket: Duplex): boolean {
    return true;
  }
}
