/** End of a connection at which an event was seen. */
export type SocketSide = "client" | "upstream";

/**
 * What was seen on a socket.
 *
 * - `open`: the connection stands.
 * - `write`, `read`: bytes were handed to the kernel, or came from it; with the id of a request or response.
 * - `fin`, `rst`: this side closed, orderly or with a reset.
 * - `peer-fin`, `peer-rst`: the other side's close was noticed here.
 * - `close`: the socket is gone.
 */
export type SocketEventKind =
  | "open"
  | "write"
  | "read"
  | "fin"
  | "rst"
  | "peer-fin"
  | "peer-rst"
  | "close";

/** One event of one socket. */
export interface SocketEvent {
  readonly side: SocketSide;
  readonly kind: SocketEventKind;
  /** The client's port, which names the connection at both sides. */
  readonly port: number;
  /** Monotonic clock of the machine, in ms, the same for all processes. */
  readonly atMs: number;
  /** Id of the request; with `write` at the client and `read` at the upstream only. */
  readonly requestId?: string | undefined;
  /** Place of the request on its connection, 1-based; with `requestId` only. */
  readonly nth?: number | undefined;
}

/** Milliseconds of the machine's monotonic clock, comparable between processes, unlike `performance.now()`. */
export function machineNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
