import type { ServerResponse } from "node:http";

/**
 * The most listeners that Reissue adds to one event of a response: those of the recorder, the disconnect signal and the
 * timeout, and two once the client has disconnected.
 */
const ownListeners = 5;

/** Raises a response's limit of listeners by Reissue's own: Koa adds seven for a file, and Node warns at the eleventh. */
export function makeRoomForListeners(response: ServerResponse): void {
  const max = response.getMaxListeners?.() ?? 0;
  if (max > 0) response.setMaxListeners(max + ownListeners);
}
