import { executionAsyncId } from "node:async_hooks";
import type { Socket } from "node:net";

/** Handle of a socket, as far as it tells who is reading. */
interface Handle {
  readonly bytesRead?: number;
  getAsyncId?(): number;
}

const handleOf = (socket: Socket): Handle | null | undefined =>
  (socket as { _handle?: Handle | null })._handle;

/** Bytes that a socket's handle has read so far. */
export function bytesReadBy(socket: Socket): number {
  return handleOf(socket)?.bytesRead ?? 0;
}

/**
 * Whether an idle socket is being destroyed because the other side has closed it.
 *
 * From 22.23 on Node itself destroys a free socket as soon as anything is read on it, and says neither what nor
 * why. It does so in an event of the socket's own handle, which nobody else has while it is idle; if no byte has come,
 * what was read is an end or a reset.
 *
 * @param bytesReadBefore - Bytes that had been read when it became idle.
 */
export function isClosedWhileIdle(socket: Socket, bytesReadBefore: number): boolean {
  const handle = handleOf(socket);
  if (handle?.getAsyncId?.() !== executionAsyncId()) return false;
  return handle.bytesRead === bytesReadBefore;
}
