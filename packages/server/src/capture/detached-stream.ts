import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers";

import type { Methods } from "./response-methods.ts";

const left = Symbol("reissue.left");

/** A response over HTTP/2 whose client has left. */
interface Left extends ServerResponse {
  [left]?: boolean;
}

/**
 * Has a response over HTTP/2 go on without its stream, which has closed: neither a pipe nor a framework learns of it from
 * the response. Node's own methods would do nothing from now on, or fail, and tell of an end that has not come.
 *
 * @returns what is called in the place of Node's methods.
 */
export function leaveStream(response: ServerResponse): Methods {
  (response as Left)[left] = true;
  // Told right after this that the stream has closed, Node says of the response that it has finished and closed.
  Object.assign(response, { emit: () => false });
  void Promise.resolve().then(() => delete (response as Partial<ServerResponse>).emit);
  let hasClosed = false;
  const close = (): void => {
    if (hasClosed) return;
    hasClosed = true;
    response.emit("close");
  };
  Object.assign(response, { destroy: () => setImmediate(close) });
  const say = (name: keyof ServerResponse): void => {
    Object.defineProperty(response, name, { configurable: true, value: true });
  };
  const fixHead = (): void => {
    if (!response.headersSent) response.writeHead(response.statusCode);
  };
  return {
    writeHead(status) {
      response.statusCode = Number(status);
      say("headersSent");
      return response;
    },
    write(...args) {
      fixHead();
      called(args);
      return true;
    },
    end(...args) {
      fixHead();
      say("finished");
      say("writableEnded");
      say("writableFinished");
      setImmediate(() => {
        response.emit("finish");
        called(args);
        close();
      });
      return response;
    },
    addTrailers: () => undefined,
    flushHeaders: fixHead,
  };
}

/** Calls the callback that a method was given. */
function called(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === "function");
  if (callback !== undefined) setImmediate(callback as () => void);
}

/** Whether the client of a response over HTTP/2 has left, and it goes on. */
export function hasLeftStream(response: ServerResponse): boolean {
  return (response as Left)[left] === true;
}
