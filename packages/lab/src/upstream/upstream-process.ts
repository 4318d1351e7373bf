import { setInterval } from "node:timers";
import { faultyUpstream, type FaultyUpstream } from "@reissue/testing";
import { SocketLog } from "../sockets/socket-log.ts";
import { twiceByContender } from "./twice.ts";
import type { UpstreamMessage, UpstreamOrder } from "./upstream-message.ts";

// The entry of the upstream's process: the faulty upstream of @reissue/testing, and what its sockets did, of which
// `spawnFaultyUpstream` does not tell.

/** Time between two reports, in ms. */
const reportEveryMs = 500;

const sockets = new SocketLog("upstream");

function send(message: UpstreamMessage): void {
  // The laboratory may have gone: a message without a reader is not an error.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

let upstream: FaultyUpstream | null = null;

async function onOrder(order: UpstreamOrder): Promise<void> {
  if (order.type === "trace") {
    const { id, ports } = order;
    const processed = upstream?.effects.get(id) ?? 0;
    return send({ type: "trace", id, events: sockets.eventsOf(ports), processed });
  }
  const { seed, idleMs, faults } = order;
  const options = { seed, idleTimeoutMs: idleMs, faults, honourKeys: true };
  // The requests themselves are of no use here.
  const opened = await faultyUpstream({ ...options, maxRequests: 0, keepBodyBytes: 0 });
  upstream = opened;
  setInterval(
    () => send({ type: "twice", counts: twiceByContender(opened.duplicates()) }),
    reportEveryMs,
  );
  send({ type: "opened", origin: opened.origin });
}

process.on("message", (message) => void onOrder(message as UpstreamOrder));

// Ctrl-C reaches every process of a terminal; the laboratory says when this one ends.
process.on("SIGINT", () => {});
// The laboratory has closed the channel, or has gone.
process.on("disconnect", () => process.exit(0));
