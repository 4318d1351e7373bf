import { setImmediate } from "node:timers";

import type { Client } from "undici";

const globals: { setImmediate: typeof setImmediate } = globalThis;

/**
 * Dispatches a request on an undici Client, and ensures that it is written even if `setImmediate` is faked.
 *
 * Before undici writes on a reused connection, it waits for one event loop turn, by the global `setImmediate` of that
 * moment. Under the fake timers of a test framework that turn never comes, and every call on a reused connection would
 * hang. Without fakes this costs one comparison.
 */
export function dispatchOn(client: Client, ...request: Parameters<Client["dispatch"]>): void {
  if (globals.setImmediate === setImmediate) {
    client.dispatch(...request);
    return;
  }
  unfaked(() => {
    client.dispatch(...request);
    // Otherwise a body of unknown length would be written from a microtask, with the fake in place again.
    resume(client);
  });
  // If the previous response has just come, undici defers itself only after this.
  setImmediate(() => unfaked(() => resume(client)));
}

/** Makes undici check what it can write, as it does when `pipelining` is set. */
function resume(client: Client): void {
  const { pipelining } = client;
  client.pipelining = pipelining;
}

function unfaked(run: () => void): void {
  const { setImmediate: faked } = globals;
  globals.setImmediate = setImmediate;
  try {
    run();
  } finally {
    globals.setImmediate = faked;
  }
}
