import { channel } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import {
  machineNow,
  type SocketEvent,
  type SocketEventKind,
  type SocketSide,
} from "./socket-event.ts";

/** Events that are kept: some seconds of one contender's load, or of all contenders' at the upstream. */
const maxEvents = 8_000;

const requestIdPattern = /^x-request-id: *(\S+)/im;

/** Adds an event; the bytes may hold the head of a request. */
type LogEvent = (kind: SocketEventKind, bytes?: unknown) => void;

/**
 * Log of what happens on every TCP socket that this process opens or accepts.
 *
 * Node's own channels tell of new sockets, whatever client made them.
 */
export class SocketLog {
  readonly #side: SocketSide;
  readonly #onWrite: (event: SocketEvent) => void;
  #events: SocketEvent[] = [];

  /** @param onWrite - Told of each request that is written, or each read at the upstream. */
  constructor(side: SocketSide, onWrite: (event: SocketEvent) => void = () => {}) {
    this.#side = side;
    this.#onWrite = onWrite;
    const name = side === "client" ? "net.client.socket" : "net.server.socket";
    channel(name).subscribe((message) => this.#watch((message as { socket: Socket }).socket));
  }

  /** Events of some connections, oldest first. */
  eventsOf(ports: readonly number[]): SocketEvent[] {
    return this.#events.filter(({ port }) => ports.includes(port));
  }

  #watch(socket: Socket): void {
    const isClient = this.#side === "client";
    // A client's port is known once the connection stands; what is written before waits until then.
    let port = isClient ? null : (socket.remotePort ?? 0);
    let requests = 0;
    const waiting: unknown[] = [];
    const log: LogEvent = (kind, bytes) => {
      if (port === null) {
        if (kind === "write") waiting.push(bytes);
        return;
      }
      const requestId = bytes === undefined ? undefined : requestIdOf(bytes);
      if (requestId !== undefined) requests += 1;
      const named = requestId === undefined ? {} : { requestId, nth: requests };
      this.#add({ side: this.#side, kind, port, atMs: machineNow(), ...named });
    };
    if (isClient) {
      socket.once("connect", () => {
        port = socket.localPort ?? 0;
        log("open");
        for (const bytes of waiting) log("write", bytes);
      });
    } else {
      log("open");
      // Before the upstream's own listener, which may respond at once.
      socket.prependListener("data", (bytes: Buffer) => log("read", bytes));
    }
    // Node sets `write` anew in the same turn, as it begins to connect.
    process.nextTick(() => wrapMethods(socket, isClient, log));
    socket.once("finish", () => log("fin"));
    socket.once("end", () => log("peer-fin"));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") log("peer-rst");
    });
    socket.once("close", () => log("close"));
  }

  #add(event: SocketEvent): void {
    this.#events.push(event);
    // Trimmed in blocks: shifting an event for each event would cost more than the event.
    if (this.#events.length >= 2 * maxEvents) this.#events = this.#events.slice(-maxEvents);
    if (event.requestId !== undefined) this.#onWrite(event);
  }
}

/** Has a socket tell of writes and resets, for which Node has no events. */
function wrapMethods(socket: Socket, isClient: boolean, log: LogEvent): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  const resetAndDestroy = socket.resetAndDestroy.bind(socket);
  socket.write = function loggedWrite(...args: unknown[]): boolean {
    log("write", isClient ? args[0] : undefined);
    return write(...args);
  };
  socket.resetAndDestroy = function loggedReset(): Socket {
    log("rst");
    return resetAndDestroy();
  };
}

/** Reads the id of the request whose head begins in the bytes. */
function requestIdOf(bytes: unknown): string | undefined {
  const isText = typeof bytes === "string";
  if (!isText && !(bytes instanceof Uint8Array)) return undefined;
  const text = isText
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return requestIdPattern.exec(text)?.[1];
}
