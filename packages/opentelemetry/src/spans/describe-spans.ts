import { channel } from "node:diagnostics_channel";

import { context, trace } from "@opentelemetry/api";
import {
  attemptChannel,
  decisionChannel,
  type AttemptMessage,
  type AttemptRecord,
  type Decision,
  type DecisionMessage,
} from "@reissue/core";

import { AttemptContext, SpanSearch } from "./attempt-context.ts";
import { SendInContext } from "./send-in-context.ts";
import { deferEnd } from "./defer-end.ts";
import { decisionAttributes, failureAttributes } from "./failure-attributes.ts";
import { isHttpClientSpan, type ReadableSpan } from "./http-client-span.ts";

const spanSlot = Symbol("span");

/** Message of an attempt, with the span that an instrumentation has created for it. */
interface TracedAttempt extends AttemptMessage {
  [spanSlot]?: ReadableSpan;
}

/** Channel on which undici's instrumentation learns of a request. */
const undiciRequests = channel("undici:request:create");

/**
 * Puts attributes on the spans that the instrumentations of undici and http create for attempts.
 *
 * Undici's has a span for each attempt. That of http has one for a request of an agent, however often it is sent: its
 * attributes are those of the latest attempt that failed, and the latest resend.
 *
 * @returns a function that ends it.
 */
export function describeSpans(): () => void {
  // A decision on a failure follows the end of its attempt, and one on a response comes before it.
  const spans = new WeakMap<AttemptRecord, ReadableSpan>();
  const decisions = new WeakMap<AttemptRecord, Decision>();

  function onStart(value: unknown): void {
    const message = value as TracedAttempt;
    if (message.client === "agent") {
      const span = trace.getActiveSpan();
      if (isHttpClientSpan(span)) assign(message, span);
      return;
    }
    // Without an instrumentation there is no span to be found.
    if (message.around === undefined || !undiciRequests.hasSubscribers) return;
    const search = new SpanSearch((span) => {
      assign(message, span);
      deferEnd(span);
    });
    const own = new AttemptContext(context.active(), search);
    message.around = new SendInContext(own, message.around);
  }

  function onFailure(value: unknown): void {
    const { record, client, [spanSlot]: span } = value as TracedAttempt;
    if (record === undefined || span === undefined) return;
    span.setAttributes(failureAttributes(record));
    // Node's request may still succeed.
    const isOwn = client === "upstream" && record.failure !== null;
    if (isOwn && !("error.type" in span.attributes)) {
      span.setAttribute("error.type", record.failure.kind);
    }
    const decision = decisions.get(record);
    if (decision === undefined) spans.set(record, span);
    else span.setAttributes(decisionAttributes(decision));
  }

  function onDecision(value: unknown): void {
    const { record, decision } = value as DecisionMessage;
    const span = spans.get(record);
    if (span === undefined) decisions.set(record, decision);
    else span.setAttributes(decisionAttributes(decision));
  }

  attemptChannel.start.subscribe(onStart);
  attemptChannel.error.subscribe(onFailure);
  decisionChannel.subscribe(onDecision);
  return () => {
    attemptChannel.start.unsubscribe(onStart);
    attemptChannel.error.unsubscribe(onFailure);
    decisionChannel.unsubscribe(onDecision);
  };
}

/** Notes the span of an attempt, and says on it which resend it is. */
function assign(message: TracedAttempt, span: ReadableSpan): void {
  if (!span.isRecording()) return;
  message[spanSlot] = span;
  if (message.attempt > 1) span.setAttribute("http.request.resend_count", message.attempt - 1);
}
