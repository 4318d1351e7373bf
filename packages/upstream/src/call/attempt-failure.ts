import { classify, type Failure } from "@reissue/core";

import type { ResponseRelay } from "../response/response-relay.ts";
import type { Attempt } from "./attempt.ts";

/** Evidence where the time runs out on a response that is being held. */
const heldTimeout = { delivered: false, timedOut: true, phase: "response-body" } as const;

/** Evidence where the time runs out before the connection for the call was established. */
const connectTimeout = { phase: "connect" } as const;

/** Classifies the error that an attempt ended with, by what its connection and its caller have seen. */
export function attemptFailure(attempt: Attempt, relay: ResponseRelay, error: Error): Failure {
  const { timedOut } = attempt;
  return classify(error, {
    ...attempt.evidence(),
    delivered: relay.delivered,
    aborted: attempt.abortReason !== null,
    timedOut,
    ...(timedOut && relay.holding ? heldTimeout : null),
    ...(timedOut && attempt.neverConnected ? connectTimeout : null),
  });
}

/** Classifies a timeout of a response that is being held, while it is still coming. */
export function holdFailure(attempt: Attempt, error: Error): Failure {
  return classify(error, { ...attempt.evidence(), ...heldTimeout });
}

/**
 * Classifies the error of an attempt that got no connection.
 *
 * @param timedOutIn - Where its time ran out; undefined for any other error.
 */
export function unsentFailure(error: unknown, timedOutIn: "pool" | "connect" | undefined): Failure {
  return classify(error, { written: false, timedOut: timedOutIn !== undefined, phase: timedOutIn });
}
