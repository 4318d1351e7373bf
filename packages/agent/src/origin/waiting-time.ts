import { performance } from "node:perf_hooks";

import { systemClock, type Clock } from "@reissue/core";

const { nodeTiming } = performance;

/**
 * The clock by which a connection's death is late, in ms: on the real one it counts only while the event loop waits for
 * something to happen. A process that is busy hears of a death late, and that says nothing about the server.
 */
export function waitingTime(clock: Clock): () => number {
  return clock === systemClock ? () => nodeTiming.idleTime : () => clock.now();
}
