import { setImmediate } from "node:timers";

import type { Client } from "undici";

const globals: { setImmediate: typeof setImmediate } = globalThis;

/**
 * Hands a request to an undici Client, which writes it though `setImmediate` be faked.
 *
 * Undici lets the event loop turn before it writes on a connection that has served, by the `setImmediate` that it finds
 * among the globals then. Under the fake timers of a test framework that turn never comes, so that every call on a
 * reused connection would hang. Where nothing is faked this is one comparison.
 */
export function dispatchOn(client: Client, ...request: Parameters<Client["dispatch"]>): void {
  if (globals.setImmediate === setImmediate) {
    client.dispatch(...request);
    return;
  }
  unfaked(() => {
    client.dispatch(...request);
    // Or a body of unknown length would be written from a microtask, with the fake back in its place.
    resume(client);
  });
  // Where the response before has just come, undici has put itself off only after this.
  setImmediate(() => unfaked(() => resume(client)));
}

/** Has undici look for what it can write: what it does when it is told how much it may. */
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
