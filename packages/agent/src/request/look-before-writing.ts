import type { Socket } from "node:net";
import { setImmediate } from "node:timers";

/**
 * Calls back once a close that has already arrived would be known.
 *
 * A FIN in the kernel is read in the event loop's next turn; where the handle has no `hasPendingRead` (Node 20), the turn
 * under way may have looked at the socket before the FIN came, and a second one is needed.
 */
export function lookBeforeWriting(socket: Socket, callback: () => void): void {
  const { _handle: handle } = socket as { _handle?: { hasPendingRead?: unknown } | null };
  if (typeof handle?.hasPendingRead === "function") setImmediate(callback);
  else setImmediate(() => setImmediate(callback));
}
