import type { Socket } from "node:net";

import { Client, type buildConnector, type Dispatcher } from "undici";

import type { OriginSettings } from "../origin-settings.ts";
import { rawHeader, type RawHeaders } from "../raw-headers.ts";
import type { ResponseHandler } from "../response-handler.ts";
import { hintBufferMs, keepAliveHintMs } from "./keep-alive-hint.ts";

const noHint = Buffer.alloc(0);

/** What a connection tells its pool. */
export interface ConnectionOwner {
  /** A socket stands. */
  onConnected(connection: Connection): void;
  /** The socket is gone; `error` is why, as undici says it. */
  onDisconnected(connection: Connection, error: Error & { code?: string }): void;
}

/**
 * One undici Client with at most one request on it, and what it knows about its socket: how many requests that socket
 * has served and since when it has been idle.
 *
 * Undici opens a new socket by itself when the old one dies under a request that was not yet written, so the facts are
 * the socket's, reset whenever one stands, and are asked for at the moment a request is written.
 */
export class Connection {
  readonly #client: Client;
  #socket: Socket | null = null;
  /** Requests answered whole on the present socket. */
  served = 0;
  /** Since when the present socket has had nothing to do, in ms of the clock. */
  idleSinceMs = 0;
  /** What the server's latest Keep-Alive hint on this connection allows, less the buffer, in ms. */
  hintMs: number = Infinity;
  #hint: Buffer = noHint;

  constructor(
    origin: string,
    settings: OriginSettings,
    connector: buildConnector.connector,
    owner: ConnectionOwner,
  ) {
    this.#client = new Client(origin, {
      ...settings.client,
      connect: (options, callback) => {
        connector(options, (...result) => {
          if (result[0] === null) {
            this.#socket = result[1];
            this.served = 0;
            this.hintMs = Infinity;
            this.#hint = noHint;
            owner.onConnected(this);
          }
          callback(...result);
        });
      },
    });
    this.#client.on("disconnect", (_origin, _targets, error) => {
      this.#socket = null;
      owner.onDisconnected(this, error);
    });
  }

  /** Whether a socket stands, as far as is known. */
  get open(): boolean {
    return this.#socket !== null && !this.#socket.destroyed;
  }

  /** Reads the server's hint off an answer's headers. */
  takeHint(headers: RawHeaders): void {
    const value = rawHeader(headers, "keep-alive");
    // Servers say the same thing each time.
    if (value === null || this.#hint.equals(value)) return;
    this.#hint = Buffer.from(value);
    const hintMs = keepAliveHintMs(value.toString("latin1"));
    this.hintMs = hintMs === null ? Infinity : hintMs - hintBufferMs;
  }

  /** Hands a request to undici, which writes it as soon as the socket stands. */
  dispatch(options: Dispatcher.DispatchOptions, handler: ResponseHandler): void {
    this.#client.dispatch(options, handler as unknown as Dispatcher.DispatchHandler);
  }

  /** Closes it once what is on it has ended. */
  retire(): void {
    void this.#client.close();
  }

  /** Closes it at once; a request on it fails with `error`. */
  destroy(error: Error | null): void {
    void this.#client.destroy(error);
  }
}
