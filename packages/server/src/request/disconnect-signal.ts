import { setMaxListeners } from "node:events";
import type { ServerResponse } from "node:http";

/** A signal that aborts when the inbound client disconnects before the whole response has been sent. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // Every safe call under way adds a listener; Node warns of a leak at the eleventh.
  setMaxListeners(0, controller.signal);
  const onClose = (): void => {
    if (!response.writableFinished) controller.abort();
  };
  if (response.destroyed) onClose();
  else response.once("close", onClose);
  return controller.signal;
}
