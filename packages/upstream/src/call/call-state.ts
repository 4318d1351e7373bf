import type { Attempt } from "./attempt.ts";

/** A state without an attempt under way, and so without fields. */
interface Plain<State extends string> {
  readonly state: State;
}

/**
 * State of a {@link Call}:
 *
 * - `waiting`: no connection yet. The call is new, in the pool's queue, or waits for the probe of an upstream that is
 *   down.
 * - `sending`: an attempt is on a connection. The {@link Attempt} itself is the state, so that a call allocates none;
 *   its time may be over, and its caller may have aborted it, only here.
 * - `backing-off`: an attempt has failed, and the next one is decided upon or waited for.
 * - `relaying`: the response is complete, and its caller has paused it.
 * - `ended`: the caller has been given the whole response, or an error.
 */
export type CallState =
  | Plain<"waiting">
  | Attempt
  | Plain<"backing-off">
  | Plain<"relaying">
  | Plain<"ended">;

export const waiting: Plain<"waiting"> = { state: "waiting" };
export const backingOff: Plain<"backing-off"> = { state: "backing-off" };
export const relaying: Plain<"relaying"> = { state: "relaying" };
export const ended: Plain<"ended"> = { state: "ended" };
