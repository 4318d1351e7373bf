import type { ServerResponse } from "node:http";

/**
 * The most listeners that Reissue adds to one event of a response: its recording's, its client's disconnect, its time's,
 * and two once its client has left.
 */
const ownListeners = 5;

/** Has Node warn of a leak at as many listeners of others' as ever: Koa adds seven for a file. */
export function makeRoomForListeners(response: ServerResponse): void {
  const max = response.getMaxListeners?.() ?? 0;
  if (max > 0) response.setMaxListeners(max + ownListeners);
}
