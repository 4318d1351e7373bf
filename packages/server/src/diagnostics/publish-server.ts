import { serverChannel, type ServerMessage } from "@reissue/core";

/** Publishes on `reissue:server`; costs one property read without subscribers. */
export function publishServer(message: ServerMessage): void {
  if (serverChannel.hasSubscribers) serverChannel.publish(message);
}
