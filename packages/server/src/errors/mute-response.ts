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
const told = ["headersSent", "writableEnded"] as const;

/**
 * Has a response that was sent look as if it had not been, until it is ended again: an application's error handling,
 * which reports an error and responds to it in one, then does both as ever, and its response goes nowhere. It would fail
 * otherwise, and the last handler of Express' destroys the connection of a response that has begun.
 */
export function muteResponse(response: ServerResponse): void {
  const { statusCode } = response;
  const names = [...setters, ...told, "write", "end"] as const;
  const before = names.map((name) => Object.getOwnPropertyDescriptor(response, name));
  const unmute = (): void => {
    for (const [index, name] of names.entries()) {
      const own = before[index];
      if (own === undefined) delete (response as Partial<ServerResponse>)[name];
      else Object.defineProperty(response, name, own);
    }
    // For access logs.
    response.statusCode = statusCode;
  };
  const put = (name: string, value: unknown): void => {
    Object.defineProperty(response, name, { value, configurable: true, writable: true });
  };
  for (const name of told) put(name, false);
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
