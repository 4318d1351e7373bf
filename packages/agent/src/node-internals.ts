import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** Any function that listens to an event. */
export type Listener = (...args: unknown[]) => void;

/** The callback of a write; called once, with an error where the bytes did not leave. */
export type WriteCallback = (error?: Error | null) => void;

/**
 * What a request of node:http has beyond its documented interface. Each field exists from Node 20 to 26; `canMove`
 * checks those that a move touches before it touches any.
 */
export interface NodeRequest extends ClientRequest {
  /** Writes that wait for a socket. */
  readonly outputData: readonly unknown[];
  readonly parser: NodeParser | null;
  /** The response, once its headers have come. */
  readonly res?: IncomingMessage | null;
  socket: NodeSocket;
  /** Writes what waits for a socket, and finishes the request if it has ended. */
  _flush(): void;
  /** Called by the agent with the socket that it has chosen, or with an error. */
  onSocket(socket: Socket | null | undefined, error?: Error | null): void;
}

/** Node's HTTP parser, as far as it knows its socket. */
export interface NodeParser {
  socket: Socket | null;
}

/** A socket with what node:http hangs on it. */
export interface NodeSocket extends Socket {
  _httpMessage?: NodeRequest | null;
  parser?: NodeParser | null;
  /** TLS: whether the handshake is under way. */
  readonly secureConnecting?: boolean;
  readonly encrypted?: boolean;
}

/** What an agent passes from its `addRequest` to its `createSocket`. */
export type ConnectOptions = Record<string, unknown>;

/** How an agent is told of a socket that it asked for. */
export type SocketCallback = (error: Error | null, socket?: Socket) => void;

/** The methods of http.Agent that node:http and other agents call and override. */
export interface NodeAgent extends Omit<Agent, "requests" | "freeSockets"> {
  scheduling?: "lifo" | "fifo";
  requests: NodeJS.Dict<ClientRequest[]>;
  freeSockets: NodeJS.Dict<Socket[]>;
  /** Connections to all origins, idle ones among them. */
  readonly totalSocketCount: number;
  addRequest(
    request: ClientRequest,
    options: ConnectOptions,
    port?: unknown,
    localAddress?: unknown,
  ): void;
  createSocket(request: ClientRequest, options: ConnectOptions, callback: SocketCallback): void;
  getName(options?: object): string;
  keepSocketAlive(socket: Socket): boolean;
  reuseSocket(socket: Socket, request: ClientRequest): void;
}
