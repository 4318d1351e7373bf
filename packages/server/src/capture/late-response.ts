import type { ServerResponse } from "node:http";

import type { Method } from "./response-methods.ts";

/** What everything comes down to that a handler answers with: a header first, or an end. */
const names = ["setHeader", "end"] as const;

/**
 * Tells when a handler answers a request that has been answered without it. Of a plain handler of Express' nothing else
 * shows that it is done.
 */
export function watchLateResponse(response: ServerResponse, onLate: () => void): void {
  for (const name of names) {
    const original = response[name] as Method;
    const late = function (this: ServerResponse, ...args: unknown[]): unknown {
      // Whoever answered in its place may have written the last byte, and has yet to end.
      const isOwnEnd = name === "end" && !response.writableEnded && !response.destroyed;
      if (!isOwnEnd) onLate();
      return Reflect.apply(original, this, args);
    };
    Object.defineProperty(response, name, { configurable: true, writable: true, value: late });
  }
}
