import { Socket } from "node:net";

import type { AgentOrigin } from "../origin/agent-origin.ts";
import type { TrackedSocket } from "../socket/socket-state.ts";
import { track } from "../socket/track.ts";

/**
 * A socket that is never connected, for a request to wait on: aborts and timeouts work on it, and what is written on it is
 * logged.
 */
export function placeholderFor(origin: AgentOrigin): TrackedSocket {
  const socket = new Socket();
  // Node's own would wait for `connect`, once more for each that begins to listen.
  socket._read = () => {};
  // Node gives it back if its request has been destroyed before it had it: nothing listens for an error on it then.
  socket.once("free", () => socket.destroy());
  return track(socket, origin, null);
}
