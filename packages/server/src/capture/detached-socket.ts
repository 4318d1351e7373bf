import { ServerResponse, type IncomingMessage } from "node:http";
import { Socket } from "node:net";

import { isStreamDetached } from "./detached-stream.ts";

/** A socket that discards everything at once. A Socket, not a Writable, since handlers may set a socket's options. */
class DetachedSocket extends Socket {
  constructor() {
    super({ highWaterMark: Number.MAX_SAFE_INTEGER } as object);
    // A response that is destroyed with an error passes the error to its socket, where a server would listen.
    this.on("error", () => {});
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }

  /** Ignored: a response passes its own timeout on to its socket. */
  override setTimeout(): this {
    return this;
  }
}

/**
 * Puts a detached socket in the place of a client that has disconnected: neither a pipe nor a framework learns of the
 * disconnect from the response, which goes on as if it were read to its end. The request and its socket still tell.
 *
 * @param socket - The client's, to which the response is still assigned.
 */
export function detachClient(response: ServerResponse, socket: Socket): null {
  const detachedSocket = new DetachedSocket();
  const isWaiting = response.socket === null;
  if (!isWaiting) response.detachSocket(socket);
  response.assignSocket(detachedSocket);
  // Once a response has finished, Node detaches it from the socket on which the request came.
  response.detachSocket = () =>
    ServerResponse.prototype.detachSocket.call(response, detachedSocket);
  if (isWaiting) {
    // Node would assign it the dead connection once those before it have finished, and from 24 on destroys it now.
    response.assignSocket = () => {};
    preventDestroy(response);
  }
  takeOverFinishListeners(response);
  const { req } = response;
  if (!isBeingRead(req)) return null;
  // A destroyed request gives no data any more, and body parsers ask the connection too whether they may read.
  preventDestroy(req);
  Object.defineProperty(socket, "readable", { configurable: true, value: true });
  return null;
}

/** Whether all of a body has arrived, and its reader may not have come to the end yet. */
function isBeingRead(request: IncomingMessage): boolean {
  const { complete, readableLength, readableDidRead, readableEnded } = request;
  return complete && (readableLength > 0 || (readableDidRead && !readableEnded));
}

/** A response with the listeners that the package on-finished puts on it. */
interface Finishing extends ServerResponse {
  readonly __onFinished?: { queue?: ((error: null, response: ServerResponse) => void)[] | null };
}

/**
 * Calls the listeners of the package on-finished at the end of the response, as if the client had stayed. on-finished
 * itself, which Express, Koa and many middleware use, would call them because the connection has closed: Koa would then
 * destroy the stream that is its body, and Express the file that it sends.
 */
function takeOverFinishListeners(response: Finishing): void {
  const finishing = response.__onFinished;
  const queue = finishing?.queue;
  if (finishing == null || !Array.isArray(queue)) return;
  // Without its queue on-finished calls nothing, and later listeners get a new one, on the detached socket.
  finishing.queue = null;
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    for (const listener of queue) listener(null, response);
  };
  response.once("finish", end).once("close", end);
}

/** Prevents Node, which learns of the disconnect right after this, from destroying a request or a response. */
function preventDestroy(message: IncomingMessage | ServerResponse): void {
  Object.assign(message, { destroy: () => message });
  // A promise, not a tick, which fake timers may put off: promises run right after the ticks.
  void Promise.resolve().then(() => delete (message as Partial<typeof message>).destroy);
}

/** Whether a response goes on without its client, which has disconnected. */
export function isClientDetached(response: ServerResponse): boolean {
  return response.socket instanceof DetachedSocket || isStreamDetached(response);
}
