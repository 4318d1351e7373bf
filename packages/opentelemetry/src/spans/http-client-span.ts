import { SpanKind, type Span } from "@opentelemetry/api";

/** What the OpenTelemetry SDK's spans show beyond the API's, since exporters read it. */
export interface ReadableSpan extends Span {
  readonly kind: SpanKind;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Attributes for the method of a request, by the semantic conventions in force and by the earlier ones. */
const methods = ["http.request.method", "http.method"];

/** Whether a value is the span of an HTTP request that is being sent: of its whole, and not of a connection, say. */
export function isHttpClientSpan(value: unknown): value is ReadableSpan {
  if (typeof value !== "object" || value === null) return false;
  const { kind, attributes, isRecording } = value as Partial<ReadableSpan>;
  if (kind !== SpanKind.CLIENT || attributes === undefined) return false;
  return typeof isRecording === "function" && methods.some((name) => name in attributes);
}
