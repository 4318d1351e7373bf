import { ServerResponse, type IncomingMessage } from "node:http";
import { Socket } from "node:net";

import { hasLeftStream } from "./detached-stream.ts";

/** Takes whatever it is given, and makes nobody wait. A socket, for handlers may set one's options. */
class DetachedSocket extends Socket {
  constructor() {
    super({ highWaterMark: Number.MAX_SAFE_INTEGER } as object);
    // A response that is destroyed with an error gives it to its socket, and a server listens on its own.
    this.on("error", () => {});
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done();
  }

  /** A response passes its own on. */
  override setTimeout(): this {
    return this;
  }
}

/**
 * Puts a stand-in in the place of a client that has left, so that neither a pipe nor a framework learns of it from the
 * response: it goes on as if somebody read it to its end. The request and its socket still tell.
 *
 * @param socket - The one that the client had, which the response is still on.
 */
export function detachClient(response: ServerResponse, socket: Socket): null {
  const standIn = new DetachedSocket();
  const isWaiting = response.socket === null;
  if (!isWaiting) response.detachSocket(socket);
  response.assignSocket(standIn);
  // Node takes a response that is finished off the socket that it came on.
  response.detachSocket = () => ServerResponse.prototype.detachSocket.call(response, standIn);
  if (isWaiting) {
    // Node would give it the dead connection once those before it have finished, and from 24 on destroys it now.
    response.assignSocket = () => {};
    spare(response);
  }
  keepListeners(response);
  const { req } = response;
  if (!isBeingRead(req)) return null;
  // What is destroyed gives nothing any more, and body parsers ask the connection too, whether they may read.
  spare(req);
  Object.defineProperty(socket, "readable", { configurable: true, value: true });
  return null;
}

/** Whether all of a body has come, and whoever reads it may not have got to its end. */
function isBeingRead(request: IncomingMessage): boolean {
  const { complete, readableLength, readableDidRead, readableEnded } = request;
  return complete && (readableLength > 0 || (readableDidRead && !readableEnded));
}

/** What the package on-finished keeps on a response: whom it tells of its end, or of its connection's. */
interface Finishing extends ServerResponse {
  readonly __onFinished?: { queue?: ((error: null, response: ServerResponse) => void)[] | null };
}

/**
 * Keeps on-finished, which Express, Koa and many middleware use, from telling them that the connection of the client has
 * closed: Koa would destroy the stream that is its body, and Express the file that it sends. They are told of the end of
 * the response, as if the client had stayed.
 */
function keepListeners(response: Finishing): void {
  const finishing = response.__onFinished;
  const queue = finishing?.queue;
  if (finishing == null || !Array.isArray(queue)) return;
  // Without its queue it tells nobody, and makes room for another that listens to the stand-in.
  finishing.queue = null;
  let hasEnded = false;
  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    for (const listener of queue) listener(null, response);
  };
  response.once("finish", end).once("close", end);
}

/** Keeps Node, which is told of the client's leaving right after this, from destroying something. */
function spare(message: IncomingMessage | ServerResponse): void {
  Object.assign(message, { destroy: () => message });
  // Not a tick, which fake timers may put off: reactions come right after the ticks.
  void Promise.resolve().then(() => delete (message as Partial<typeof message>).destroy);
}

/** Whether a stand-in is in its client's place. */
export function isClientDetached(response: ServerResponse): boolean {
  return response.socket instanceof DetachedSocket || hasLeftStream(response);
}
