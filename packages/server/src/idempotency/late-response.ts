import type { ServerResponse } from "node:http";

import type { Method } from "../capture/response-methods.ts";

/** The methods that every response of a handler begins or ends with: a header first, or an end. */
const methods = ["setHeader", "end"] as const;

/**
 * Calls back when a handler responds to a request that has been responded to without it, because of its timeout. A plain
 * handler of Express shows in no other way that it has finished.
 */
export function watchLateResponse(response: ServerResponse, onLate: () => void): void {
  for (const name of methods) {
    const original = response[name] as Method;
    const late = function (this: ServerResponse, ...args: unknown[]): unknown {
      // The response in the handler's place may have written its last byte, and not ended yet.
      const isOwnEnd = name === "end" && !response.writableEnded && !response.destroyed;
      if (!isOwnEnd) onLate();
      return Reflect.apply(original, this, args);
    };
    Object.defineProperty(response, name, { configurable: true, writable: true, value: late });
  }
}
