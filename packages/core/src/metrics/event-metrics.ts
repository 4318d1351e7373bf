import type {
  DecisionMessage,
  IdleCloseMessage,
  RescueMessage,
} from "../diagnostics/attempt-channel.ts";
import { originCounts } from "../diagnostics/process-counts.ts";
import type { ServerMessage } from "../diagnostics/server-channel.ts";
import type { TranslationMessage } from "../diagnostics/translation-channel.ts";
import { isRace } from "../history/retry-history.ts";
import type { Outcome } from "../retry/decide.ts";
import { methodClass } from "./method-class.ts";
import type { MetricKey } from "./metric-table.ts";
import type { MetricLabels } from "./metric.ts";
import { originLabels } from "./origin-labels.ts";

/** Destination of counts and durations: the instruments of a metrics library. */
export interface MetricsSink {
  /** Adds 1 to a counter. */
  add(key: MetricKey, labels: MetricLabels): void;
  /** Records a value in a histogram, in its unit. */
  record(key: MetricKey, value: number, labels: MetricLabels): void;
}

/** Counts what followed an attempt that did not simply succeed. */
export function onDecision(sink: MetricsSink, message: DecisionMessage): void {
  const { outcome, decision, record } = message;
  const origin = labelsOf(message);
  const { action, reason } = decision;
  const failure = failureLabels(outcome);
  sink.add("failures", {
    ...origin,
    ...failure,
    "reissue.reused": record.reused === null ? "none" : String(record.reused),
    "reissue.method_class": methodClass(message.request),
    "reissue.decision": action,
  });
  if (isRace(outcome)) sink.add("races", { ...origin, "reissue.decision": action });
  if (action === "resend") sink.add("resends", { ...origin, "reissue.reason": reason });
  else {
    const given = outcome.type === "failure" ? "error" : "response";
    sink.add("giveUps", { ...origin, "reissue.reason": reason, "reissue.give_up.outcome": given });
  }
  if (record.idleMs === null || outcome.type !== "failure") return;
  const labels = { ...origin, "reissue.delivery": outcome.failure.delivery };
  sink.record("failureIdleSeconds", record.idleMs / 1000, labels);
}

/** Counts a request that got its response although an attempt had failed. */
export function onRescue(sink: MetricsSink, message: RescueMessage): void {
  sink.add("rescues", { ...labelsOf(message), "reissue.race": String(message.raced) });
}

/** Records how long a connection had been idle that its upstream closed. */
export function onIdleClose(sink: MetricsSink, message: IdleCloseMessage): void {
  sink.record("closedIdleSeconds", message.idleMs / 1000, labelsOf(message));
}

/** Counts an error that was translated into a response. */
export function onTranslation(sink: MetricsSink, message: TranslationMessage): void {
  const { status, failure, retryable } = message;
  sink.add("translations", {
    "http.response.status_code": String(status),
    "error.type": failure?.kind ?? "foreign-response",
    "reissue.retryable": String(retryable),
  });
}

/** Counts the end of a drain, or an idle connection that the load balancer should have closed first. */
export function onServer(sink: MetricsSink, message: ServerMessage): void {
  if (message.event === "idle-close") sink.add("serverIdleCloses", {});
  else if (message.event === "drain-end") {
    const isClean = message.destroyed + message.left === 0;
    sink.add("drains", { "reissue.drain.outcome": isClean ? "clean" : "forced" });
  }
}

function labelsOf({ client, origin }: Pick<RescueMessage, "client" | "origin">): MetricLabels {
  return originLabels(originCounts(client, origin));
}

function failureLabels(outcome: Outcome): MetricLabels {
  if (outcome.type === "failure") {
    const { kind, phase, delivery } = outcome.failure;
    return { "error.type": kind, "reissue.phase": phase, "reissue.delivery": delivery };
  }
  return {
    "error.type": String(outcome.status),
    "reissue.phase": "response",
    "reissue.delivery": "responded",
  };
}
