import type { Socket } from "node:net";

import { openSocket, type Protocol } from "./open-socket.ts";
import { ProbeConnection } from "./probe-connection.ts";
import type { Target } from "./target.ts";

/** The connections of one probe: opens them, counts them, and closes them all at the end. */
export class Connections {
  readonly target: Target;
  readonly #signal: AbortSignal;
  readonly #sockets: Socket[] = [];
  readonly #probes: ProbeConnection[] = [];
  readonly #onAbort = (): void => this.close();
  readonly #onClosed: (() => void)[] = [];
  /** Ends of the pauses that are going on. */
  readonly #pauses = new Set<() => void>();
  #address: string | null = null;
  #isClosed = false;

  constructor(target: Target, signal: AbortSignal) {
    this.target = target;
    this.#signal = signal;
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** How many have been opened. */
  get count(): number {
    return this.#sockets.length;
  }

  /** The address that all of them go to; null before the first. */
  get address(): string | null {
    return this.#address;
  }

  /**
   * Opens a socket.
   *
   * @throws the socket's error; the signal's reason once it has been aborted.
   */
  async openSocket(protocols: readonly Protocol[]): Promise<Socket> {
    this.#signal.throwIfAborted();
    const socket = await openSocket(this.target, this.#address, protocols);
    this.#sockets.push(socket);
    if (this.#isClosed) socket.destroy();
    this.#signal.throwIfAborted();
    this.#address ??= socket.remoteAddress ?? null;
    return socket;
  }

  /** Opens a connection for HTTP/1.1. */
  async open(): Promise<ProbeConnection> {
    const socket = await this.openSocket(["http/1.1"]);
    const connection = new ProbeConnection(socket, this.target);
    this.#probes.push(connection);
    return connection;
  }

  /** Waits; ends early when the connections are closed, and throws the signal's reason if that was an interruption. */
  async pause(ms: number): Promise<void> {
    const { clock } = this.target;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clock.clearTimeout(timer);
        this.#pauses.delete(end);
        resolve();
      };
      const timer = clock.setTimeout(end, ms);
      this.#pauses.add(end);
    });
    this.#signal.throwIfAborted();
  }

  /** Calls `callback` when all are closed from this side. */
  onClosed(callback: () => void): void {
    this.#onClosed.push(callback);
  }

  /** Closes all of them, those too that are opened later. */
  close(): void {
    this.#isClosed = true;
    for (const callback of [...this.#onClosed.splice(0), ...this.#pauses]) callback();
    this.#signal.removeEventListener("abort", this.#onAbort);
    for (const probe of this.#probes) probe.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }
}
