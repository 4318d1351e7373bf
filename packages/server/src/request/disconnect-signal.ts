import { setMaxListeners } from "node:events";
import type { ServerResponse } from "node:http";

/** Aborts when the inbound client leaves before it has been given its whole response. */
export function disconnectSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // Every safe call under way listens; Node warns of a leak at the eleventh.
  setMaxListeners(0, controller.signal);
  const onClose = (): void => {
    if (!response.writableFinished) controller.abort();
  };
  if (response.destroyed) onClose();
  else response.once("close", onClose);
  return controller.signal;
}
