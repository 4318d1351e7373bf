import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers";

import type { Methods } from "./response-methods.ts";

const detached = Symbol("reissue.detached");

/** A response over HTTP/2 that goes on without its client. */
interface DetachedResponse extends ServerResponse {
  [detached]?: boolean;
}

/**
 * Detaches a response over HTTP/2 from its stream, which the client has closed: neither a pipe nor a framework learns of
 * the disconnect from the response. Node's own methods would do nothing from now on, or fail, and report an end that has
 * not come.
 *
 * @returns methods to call in the place of Node's.
 */
export function detachStream(response: ServerResponse): Methods {
  (response as DetachedResponse)[detached] = true;
  // Node learns right after this that the stream has closed, and would emit that the response has finished and closed.
  Object.assign(response, { emit: () => false });
  void Promise.resolve().then(() => delete (response as Partial<ServerResponse>).emit);
  let hasClosed = false;
  const close = (): void => {
    if (hasClosed) return;
    hasClosed = true;
    response.emit("close");
  };
  Object.assign(response, { destroy: () => setImmediate(close) });
  const setTrue = (name: keyof ServerResponse): void => {
    Object.defineProperty(response, name, { configurable: true, value: true });
  };
  const fixHead = (): void => {
    if (!response.headersSent) response.writeHead(response.statusCode);
  };
  return {
    writeHead(status) {
      response.statusCode = Number(status);
      setTrue("headersSent");
      return response;
    },
    write(...args) {
      fixHead();
      callBack(args);
      return true;
    },
    end(...args) {
      fixHead();
      setTrue("finished");
      setTrue("writableEnded");
      setTrue("writableFinished");
      setImmediate(() => {
        response.emit("finish");
        callBack(args);
        close();
      });
      return response;
    },
    addTrailers: () => undefined,
    flushHeaders: fixHead,
  };
}

/** Calls the callback among a method's arguments. */
function callBack(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === "function");
  if (callback !== undefined) setImmediate(callback as () => void);
}

/** Whether a response over HTTP/2 goes on without its client. */
export function isStreamDetached(response: ServerResponse): boolean {
  return (response as DetachedResponse)[detached] === true;
}
