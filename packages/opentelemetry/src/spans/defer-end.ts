import type { Span } from "@opentelemetry/api";

const ready = Promise.resolve();

/**
 * Puts the end of a span off to the next microtask.
 *
 * Undici tells its instrumentation of a failure before it tells the client, which classifies it in the same turn: a span
 * that has ended takes no attributes.
 */
export function deferEnd(span: Span): void {
  const end = span.end.bind(span);
  span.end = (time) => {
    span.end = end;
    void ready.then(() => span.end(time));
  };
}
