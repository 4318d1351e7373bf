import type { ServerResponse } from "node:http";

const setters = [
  "setHeader",
  "setHeaders",
  "appendHeader",
  "removeHeader",
  "writeHead",
  "flushHeaders",
  "addTrailers",
] as const;
const getters = ["headersSent", "writableEnded"] as const;

/**
 * Makes a response that was sent look as if it had not been, until it is ended again. An application's error handling,
 * which reports an error and responds to it in one step, then does both as usual, and its response is discarded.
 * Otherwise it would fail, and Express' last handler would destroy the connection of a response that has begun.
 */
export function muteResponse(response: ServerResponse): void {
  const { statusCode } = response;
  const names = [...setters, ...getters, "write", "end"] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(response, name));
  const unmute = (): void => {
    for (const [index, name] of names.entries()) {
      const own = before[index];
      if (own === undefined) delete (response as Partial<ServerResponse>)[name];
      else Object.defineProperty(response, name, own);
    }
    // The one that was sent, for access logs.
    response.statusCode = statusCode;
  };
  const put = (name: string, value: unknown): void => {
    Object.defineProperty(response, name, { value, configurable: true, writable: true });
  };
  for (const name of getters) put(name, false);
  for (const name of setters) put(name, () => response);
  put("write", (...args: unknown[]) => {
    callBack(args);
    return true;
  });
  put("end", (...args: unknown[]) => {
    unmute();
    callBack(args);
    return response;
  });
}

function callBack(args: readonly unknown[]): void {
  const callback = args.find((arg) => typeof arg === "function");
  if (callback !== undefined) process.nextTick(callback);
}
