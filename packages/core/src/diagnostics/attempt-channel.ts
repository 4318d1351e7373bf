import {
  channel,
  tracingChannel,
  type Channel,
  type TracingChannel,
} from "node:diagnostics_channel";

import type { AttemptRecord } from "../common/reissue-error.ts";
import type { Decision, Outcome, RequestFacts } from "../retry/decide.ts";

/**
 * What subscribers of `reissue:attempt` get: one object an attempt, filled in as the attempt goes on.
 *
 * `start` is published before the attempt is handed to a connection, `asyncEnd` when it has ended.
 */
export interface AttemptMessage {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  /** 1 for the first send. */
  readonly attempt: number;
  /** How it ended; undefined until `asyncEnd`. */
  record?: AttemptRecord;
}

/** What subscribers of `reissue:decision` get, once for every attempt that did not simply succeed. */
export interface DecisionMessage {
  readonly origin: string;
  readonly request: RequestFacts;
  readonly outcome: Outcome;
  readonly decision: Decision;
  /** The attempt that was decided upon, 1-based. */
  readonly attempt: number;
}

/** TracingChannel `reissue:attempt`; costs one property read when nobody listens. */
export const attemptChannel: TracingChannel<string, AttemptMessage> = tracingChannel<
  string,
  AttemptMessage
>("reissue:attempt");

/** Channel `reissue:decision`, with a {@link DecisionMessage} each. */
export const decisionChannel: Channel<unknown, DecisionMessage> = channel(
  "reissue:decision",
) as Channel<unknown, DecisionMessage>;
