import type { Channel } from "node:diagnostics_channel";

import {
  decisionChannel,
  idleCloseChannel,
  rescueChannel,
} from "../diagnostics/attempt-channel.ts";
import { serverChannel } from "../diagnostics/server-channel.ts";
import { translationChannel } from "../diagnostics/translation-channel.ts";
import {
  onDecision,
  onIdleClose,
  onRescue,
  onServer,
  onTranslation,
  type MetricsSink,
} from "./event-metrics.ts";

/**
 * Counts the events of every client, agent and gate of the process into a metrics library, from now on.
 *
 * Only what did not simply succeed is counted here. Requests, attempts and keys are counted by integers whether or not a
 * library is attached, and read by `readState`: a request that succeeds costs the same with metrics as without.
 *
 * @returns a function that ends the counting.
 */
export function collectMetrics(sink: MetricsSink): () => void {
  const ends = [
    listen(decisionChannel, (message) => onDecision(sink, message)),
    listen(rescueChannel, (message) => onRescue(sink, message)),
    listen(idleCloseChannel, (message) => onIdleClose(sink, message)),
    listen(translationChannel, (message) => onTranslation(sink, message)),
    listen(serverChannel, (message) => onServer(sink, message)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function listen<Message>(
  channel: Channel<unknown, Message>,
  on: (message: Message) => void,
): () => void {
  const listener = (message: unknown): void => on(message as Message);
  channel.subscribe(listener);
  return () => {
    channel.unsubscribe(listener);
  };
}
