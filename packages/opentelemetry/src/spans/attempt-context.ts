import type { Context } from "@opentelemetry/api";

import { isHttpClientSpan, type ReadableSpan } from "./http-client-span.ts";

/** Search for the span that an instrumentation creates while an attempt is sent. */
export class SpanSearch {
  #onFound: ((span: ReadableSpan) => void) | null;

  constructor(onFound: (span: ReadableSpan) => void) {
    this.#onFound = onFound;
  }

  get isOver(): boolean {
    return this.#onFound === null;
  }

  found(span: ReadableSpan): void {
    const onFound = this.#onFound;
    // Sockets that are opened meanwhile keep the context, and through it the search.
    this.#onFound = null;
    onFound?.(span);
  }
}

/**
 * Context in which an attempt is sent.
 *
 * An instrumentation puts its new span into the context at hand, to propagate it to the upstream. In no other way of the
 * API can the span of an attempt be found: undici sends in its own time, and the span is never the active one.
 */
export class AttemptContext implements Context {
  readonly #base: Context;
  readonly #search: SpanSearch;

  constructor(base: Context, search: SpanSearch) {
    this.#base = base;
    this.#search = search;
  }

  getValue(key: symbol): unknown {
    return this.#base.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    if (isHttpClientSpan(value)) this.#search.found(value);
    return this.#with(this.#base.setValue(key, value));
  }

  deleteValue(key: symbol): Context {
    return this.#with(this.#base.deleteValue(key));
  }

  #with(base: Context): Context {
    return this.#search.isOver ? base : new AttemptContext(base, this.#search);
  }
}
