import {
  channel,
  tracingChannel,
  type Channel,
  type TracingChannel,
} from "node:diagnostics_channel";

import type { AttemptRecord } from "../history/attempt-record.ts";
import type { Decision, Outcome, RequestFacts } from "../retry/decide.ts";
import type { ClientKind } from "./client-kind.ts";

/** What is put around the sending of an attempt, such as a context. */
export interface AroundSend {
  /** Calls `send`, once and at once. */
  run(send: () => void): void;
}

/**
 * Message of `reissue:attempt`: one object for each attempt, completed when the attempt ends.
 *
 * `start` is published before the attempt is handed to a connection, `asyncEnd` when it has ended, and `error` before
 * that if it did not succeed.
 */
export interface AttemptMessage {
  readonly client: ClientKind;
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  /** 1 for the first send. */
  readonly attempt: number;
  /** Record of the attempt; undefined until it has ended. */
  record?: AttemptRecord;
  /**
   * What is put around the handing over to undici and its instrumentations. A subscriber of `start` may set it; if it is
   * not null, around the one that was there. Undefined in messages of an agent, since Node's request was made before.
   */
  around?: AroundSend | null;
}

/** Message of `reissue:decision`: one for every attempt that did not simply succeed. */
export interface DecisionMessage {
  readonly client: ClientKind;
  readonly origin: string;
  readonly request: RequestFacts;
  readonly outcome: Outcome;
  readonly decision: Decision;
  /** Number of the attempt that the decision follows, 1-based. */
  readonly attempt: number;
  /** Record of that attempt. */
  readonly record: AttemptRecord;
}

/** Message of `reissue:rescue`: a request that got its response although an attempt had failed. */
export interface RescueMessage {
  readonly client: ClientKind;
  readonly origin: string;
  /** Method, in capitals. */
  readonly method: string;
  /** Number of the attempt that succeeded, 1-based. */
  readonly attempt: number;
  /** Whether an attempt had met a connection that the upstream was closing. */
  readonly raced: boolean;
}

/** Message of `reissue:idle-close`: an upstream has closed a connection that carried no request. */
export interface IdleCloseMessage {
  readonly client: ClientKind;
  readonly origin: string;
  /** Time for which the connection had been idle, in ms. */
  readonly idleMs: number;
}

/** TracingChannel `reissue:attempt`; costs a property read for each of its channels without subscribers. */
export const attemptChannel: TracingChannel<string, AttemptMessage> = tracingChannel<
  string,
  AttemptMessage
>("reissue:attempt");

/** Channel `reissue:decision`, with a {@link DecisionMessage} each. */
export const decisionChannel: Channel<unknown, DecisionMessage> = channel(
  "reissue:decision",
) as Channel<unknown, DecisionMessage>;

/** Channel `reissue:rescue`, with a {@link RescueMessage} each. */
export const rescueChannel: Channel<unknown, RescueMessage> = channel("reissue:rescue") as Channel<
  unknown,
  RescueMessage
>;

/** Channel `reissue:idle-close`, with an {@link IdleCloseMessage} each. */
export const idleCloseChannel: Channel<unknown, IdleCloseMessage> = channel(
  "reissue:idle-close",
) as Channel<unknown, IdleCloseMessage>;
