import {
  channel,
  tracingChannel,
  type Channel,
  type TracingChannel,
} from "node:diagnostics_channel";

import type { AttemptRecord } from "../history/attempt-record.ts";
import type { Decision, Outcome, RequestFacts } from "../retry/decide.ts";

/**
 * Message of `reissue:attempt`: one object for each attempt, completed when the attempt ends.
 *
 * `start` is published before the attempt is handed to a connection, `asyncEnd` when it has ended.
 */
export interface AttemptMessage {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  /** 1 for the first send. */
  readonly attempt: number;
  /** Record of the attempt; undefined until `asyncEnd`. */
  record?: AttemptRecord;
}

/** Message of `reissue:decision`: one for every attempt that did not simply succeed. */
export interface DecisionMessage {
  readonly origin: string;
  readonly request: RequestFacts;
  readonly outcome: Outcome;
  readonly decision: Decision;
  /** Number of the attempt that the decision follows, 1-based. */
  readonly attempt: number;
}

/** TracingChannel `reissue:attempt`; costs one property read without subscribers. */
export const attemptChannel: TracingChannel<string, AttemptMessage> = tracingChannel<
  string,
  AttemptMessage
>("reissue:attempt");

/** Channel `reissue:decision`, with a {@link DecisionMessage} each. */
export const decisionChannel: Channel<unknown, DecisionMessage> = channel(
  "reissue:decision",
) as Channel<unknown, DecisionMessage>;
