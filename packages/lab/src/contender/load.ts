import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "@reissue/testing";
import { racingPauseMs } from "./racing-pause.ts";

/** Calls that a burst begins at once. */
const callsAtOnce = 8;

/**
 * Calls that follow each other without a pause: the second is written on a connection that a response has just freed,
 * which a client uses that keeps off those that have been idle for long.
 */
const callsInTurn = 2;

/** Longest wait for the end of a burst, in ms: a client that backs off for half a second must not thin out the load. */
const patienceMs = 30;

/** Pairs of calls that may be open at once; bursts are left out beyond, so that an upstream that hangs cannot fill the memory. */
const maxOpen = 600;

/** Load of one contender. */
export interface LoadPlan {
  readonly seed: number;
  /** Idle timeout of the upstream, in ms. */
  readonly idleMs: number;
  /** Makes one call, and never rejects. */
  readonly call: (burst: number, slot: number) => Promise<void>;
}

/**
 * Makes bursts of calls, with pauses about as long as the upstream's idle timeout between them, as long as the process
 * lives. The same seed gives the same pauses to each contender.
 */
export async function drive({ seed, idleMs, call }: LoadPlan): Promise<never> {
  const random = seededRandom(seed);
  let open = 0;
  const burst = (number: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: callsAtOnce }, async (_, slot) => {
        open += 1;
        for (let turn = 0; turn < callsInTurn; turn += 1) {
          await call(number, turn * callsAtOnce + slot);
        }
        open -= 1;
      }),
    );
  // Burst -1 is not counted: it compiles the code, and lets each client see once how the upstream closes connections.
  for (let number = -1; ; number += 1) {
    if (open < maxOpen) await Promise.race([burst(number), sleep(patienceMs)]);
    await sleep(number === -1 ? 3 * idleMs : racingPauseMs(idleMs, random()));
  }
}
