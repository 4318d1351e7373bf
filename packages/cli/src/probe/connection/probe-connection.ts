import { request, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import type { Target } from "./target.ts";

/** What a response says about its connection. */
export interface ResponseFacts {
  readonly status: number;
  readonly httpVersion: string;
  readonly server: string | null;
  /** Whether the server announced that it closes the connection (RFC 9112 §9.6). */
  readonly announcesClose: boolean;
  /** Value of the Keep-Alive header; null for none. */
  readonly keepAlive: string | null;
}

/** How a server closed a connection. */
export interface Close {
  readonly by: "fin" | "rst";
  /** Time since the end of the last response, or since the connection was opened, in ms. */
  readonly idleMs: number;
  /** Whether a 408 came before. */
  readonly with408: boolean;
  /** Whether a request was waiting for its response. */
  readonly inFlight: boolean;
}

/** A connection that carries one request after the other, and is watched in between. */
export class ProbeConnection {
  /** Resolves when the server has closed the connection; never after {@link destroy}. */
  readonly closed: Promise<Close>;
  readonly #target: Target;
  readonly #socket: Socket;
  #idleSinceMs: number;
  #idleData = "";
  #by: Close["by"] | null = null;
  #destroyed = false;
  #inFlight = false;

  constructor(socket: Socket, target: Target) {
    this.#socket = socket;
    this.#target = target;
    this.#idleSinceMs = target.clock.now();
    this.closed = new Promise((resolve) => {
      const onClose = (by: Close["by"]): void => {
        if (this.#by !== null || this.#destroyed) return;
        this.#by = by;
        const with408 = /^HTTP\/1\.[01] 408 /.test(this.#idleData);
        resolve({ by, idleMs: this.idleMs, with408, inFlight: this.#inFlight });
      };
      socket.on("data", (data: Buffer) => {
        if (this.#idleData.length < 100) this.#idleData += data.toString("latin1");
      });
      socket.on("end", () => onClose("fin"));
      socket.on("error", () => onClose("rst"));
      socket.on("close", () => onClose("fin"));
    });
  }

  /** Whether a request can be written. */
  get isOpen(): boolean {
    return this.#by === null && !this.#destroyed;
  }

  /** Time since the end of the last response, in ms. */
  get idleMs(): number {
    return this.#target.clock.now() - this.#idleSinceMs;
  }

  /**
   * Sends a request and reads its response to the end.
   *
   * @throws the client's error, or one with the code UND_ERR_HEADERS_TIMEOUT.
   */
  send(): Promise<ResponseFacts> {
    const { url, method, path, clock, timeoutMs } = this.#target;
    return new Promise((resolve, reject) => {
      const outgoing = request({
        // Without an agent: Node's destroys an idle connection on which something is read, such as a 408.
        createConnection: () => this.#socket,
        host: url.hostname,
        method,
        path,
        headers: {
          host: url.host,
          connection: "keep-alive",
          "user-agent": "reissue-probe",
          accept: "*/*",
        },
      });
      const timer = clock.setTimeout(() => outgoing.destroy(timeoutError(timeoutMs)), timeoutMs);
      this.#inFlight = true;
      const settle = (end: () => void): void => {
        clock.clearTimeout(timer);
        this.#inFlight = false;
        this.#idleSinceMs = clock.now();
        this.#idleData = "";
        end();
      };
      outgoing.once("error", (error) => settle(() => reject(error)));
      // Node does not tell a request that is given a connection which has closed.
      void this.closed.then(() => outgoing.destroy());
      outgoing.once("response", (response) => {
        response.resume();
        response.once("end", () => settle(() => resolve(factsOf(response))));
        response.once("error", (error) => settle(() => reject(error)));
      });
      outgoing.end();
    });
  }

  /** Closes the connection from this side. */
  destroy(): void {
    this.#destroyed = true;
    this.#socket.destroy();
  }
}

function factsOf({ statusCode = 0, httpVersion, headers }: IncomingMessage): ResponseFacts {
  const options = (headers.connection ?? "").toLowerCase().split(/\s*,\s*/);
  const isOld = httpVersion === "1.0" && !options.includes("keep-alive");
  const keepAlive = headers["keep-alive"];
  const server = headers["server"] ?? headers["x-powered-by"];
  return {
    status: statusCode,
    httpVersion,
    server: typeof server === "string" ? server : null,
    announcesClose: isOld || options.includes("close"),
    keepAlive: typeof keepAlive === "string" ? keepAlive : null,
  };
}

function timeoutError(timeoutMs: number): Error {
  const error = new Error(`no response in ${timeoutMs} ms`);
  return Object.assign(error, { code: "UND_ERR_HEADERS_TIMEOUT" });
}
