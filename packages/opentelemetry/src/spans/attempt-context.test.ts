import {
  createContextKey,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  trace,
  type Span,
} from "@opentelemetry/api";
import { describe, expect, test } from "vitest";

import { AttemptContext, SpanSearch } from "./attempt-context.ts";
import type { ReadableSpan } from "./http-client-span.ts";

const key = createContextKey("key");
const spanContext = INVALID_SPAN_CONTEXT;

function span(kind: SpanKind, attributes: Record<string, unknown>): Span {
  return Object.assign(trace.wrapSpanContext(spanContext), { kind, attributes });
}

const attempt = span(SpanKind.CLIENT, { "http.request.method": "GET" });

/** A context in which a span is looked for, and what was found. */
function searched() {
  const found: ReadableSpan[] = [];
  const search = new SpanSearch((span) => void found.push(span));
  const base = ROOT_CONTEXT.setValue(key, "value");
  return { context: new AttemptContext(base, search), found };
}

describe("AttemptContext", () => {
  test("finds the first span of a request that is put into it", () => {
    const { context, found } = searched();
    const next = trace.setSpan(context, attempt);
    trace.setSpan(context, span(SpanKind.CLIENT, { "http.request.method": "GET" }));
    expect(found).toEqual([attempt]);
    expect(trace.getSpan(next)).toBe(attempt);
  });

  test("finds the span in contexts that are derived from it too", () => {
    const { context, found } = searched();
    const other = createContextKey("other");
    trace.setSpan(context.setValue(other, 1).deleteValue(other), attempt);
    expect(found).toEqual([attempt]);
  });

  test("finds the spans of earlier semantic conventions", () => {
    const { context, found } = searched();
    const old = span(SpanKind.CLIENT, { "http.method": "GET" });
    trace.setSpan(context, old);
    expect(found).toEqual([old]);
  });

  test.each([
    ["of a connection", span(SpanKind.CLIENT, { "network.peer.address": "127.0.0.1" })],
    ["of a server", span(SpanKind.SERVER, { "http.request.method": "GET" })],
    ["of another SDK", trace.wrapSpanContext(spanContext)],
  ])("leaves a span %s alone", (_, other) => {
    const { context, found } = searched();
    trace.setSpan(context, other);
    expect(found).toEqual([]);
  });

  test("has the values of the context that it represents", () => {
    const { context } = searched();
    expect(context.getValue(key)).toBe("value");
    expect(context.deleteValue(key).getValue(key)).toBeUndefined();
    expect(context.getValue(key)).toBe("value");
  });

  test("is left once the span is found", () => {
    const { context } = searched();
    expect(trace.setSpan(context, attempt)).not.toBeInstanceOf(AttemptContext);
  });
});
