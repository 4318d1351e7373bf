import {
  attemptChannel,
  decisionChannel,
  type AttemptMessage,
  type AttemptRecord,
  type DecisionMessage,
} from "@reissue/core";
import { onTestFinished } from "vitest";

/** What was published on Reissue's channels while a test ran. */
export interface EventLog {
  readonly starts: readonly AttemptMessage[];
  readonly ends: readonly AttemptMessage[];
  /** The records of the attempts that have ended, in the order of their ends. */
  readonly records: readonly AttemptRecord[];
  readonly decisions: readonly DecisionMessage[];
}

/** Listens until the test is over. */
export function eventLog(): EventLog {
  const starts: AttemptMessage[] = [];
  const ends: AttemptMessage[] = [];
  const decisions: DecisionMessage[] = [];
  const onStart = (message: unknown): void => void starts.push(message as AttemptMessage);
  const onEnd = (message: unknown): void => void ends.push(message as AttemptMessage);
  const onDecision = (message: unknown): void => void decisions.push(message as DecisionMessage);
  attemptChannel.start.subscribe(onStart);
  attemptChannel.asyncEnd.subscribe(onEnd);
  decisionChannel.subscribe(onDecision);
  onTestFinished(() => {
    attemptChannel.start.unsubscribe(onStart);
    attemptChannel.asyncEnd.unsubscribe(onEnd);
    decisionChannel.unsubscribe(onDecision);
  });
  return {
    starts,
    ends,
    get records() {
      return ends.flatMap(({ record }) => record ?? []);
    },
    decisions,
  };
}
