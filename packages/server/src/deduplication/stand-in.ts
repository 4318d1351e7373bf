import { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Writable } from "node:stream";

/** Takes whatever it is given, and makes nobody wait. */
class StandIn extends Writable {
  constructor() {
    super({ highWaterMark: Number.MAX_SAFE_INTEGER });
    // A response that is destroyed with an error gives it to its socket, and a server listens on its own.
    this.on("error", () => {});
  }

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  /** A response passes its own on. */
  setTimeout(): this {
    return this;
  }
}

/**
 * Puts a stand-in in the place of a client that has left, so that neither a pipe nor a framework learns of it from the
 * response: it goes on as if somebody read it to its end. The request and its socket still tell.
 *
 * @param socket - The one that the client had, which the response is still on.
 */
export function giveStandIn(response: ServerResponse, socket: Socket): void {
  const standIn = new StandIn() as unknown as Socket;
  response.detachSocket(socket);
  response.assignSocket(standIn);
  // Node takes a response that is finished off the socket that it came on.
  response.detachSocket = () => ServerResponse.prototype.detachSocket.call(response, standIn);
}

/** Whether a stand-in is in its client's place. */
export function hasStandIn({ socket }: ServerResponse): boolean {
  return (socket as unknown) instanceof StandIn;
}
