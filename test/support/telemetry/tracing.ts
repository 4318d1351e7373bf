import { createRequire, syncBuiltinESMExports } from "node:module";

import { context, propagation, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { registerInstrumentations, type Instrumentation } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  NodeTracerProvider,
  type ReadableSpan,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { afterAll, beforeAll, beforeEach, vi } from "vitest";

/** Span as a test sees it: what it is, and under which other it stands. */
export interface SeenSpan {
  readonly kind: "server" | "client" | "other";
  readonly id: string;
  readonly parent: string | undefined;
  readonly trace: string;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Spans of a test file, which the SDK and the instrumentations of undici and http create. */
export interface Tracing {
  /** Spans that have ended since the test began, the earliest begun first; waits until there are so many. */
  spans(count: number): Promise<readonly SeenSpan[]>;
}

/** Traces all tests of a file with the real SDK, the instrumentations of undici and http, and others. */
export function tracing(...others: readonly Instrumentation[]): Tracing {
  const log = new SpanLog();
  const provider = new NodeTracerProvider({ spanProcessors: [log] });
  let unload: () => void;

  beforeAll(() => {
    provider.register();
    unload = registerInstrumentations({
      instrumentations: [...others, new HttpInstrumentation(), new UndiciInstrumentation()],
    });
    // It patches the module as somebody requires it; the second line shows that to who imports it.
    createRequire(import.meta.url)("node:http");
    syncBuiltinESMExports();
  });
  beforeEach(() => log.reset());
  afterAll(async () => {
    unload();
    await provider.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });

  return {
    async spans(count) {
      await vi.waitFor(() => {
        const { length } = log.ended;
        if (length < count) throw new Error(`${length} spans of ${count} have ended`);
      });
      return log.ended.map(seen);
    },
  };
}

/** Spans in the order in which they began, which their times do not tell apart. */
class SpanLog implements SpanProcessor {
  #spans: ReadableSpan[] = [];

  get ended(): readonly ReadableSpan[] {
    return this.#spans.filter((span) => span.ended);
  }

  reset(): void {
    this.#spans = [];
  }

  onStart(span: ReadableSpan): void {
    this.#spans.push(span);
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

function seen(span: ReadableSpan): SeenSpan {
  const { spanId, traceId } = span.spanContext();
  const kinds: Partial<Record<SpanKind, SeenSpan["kind"]>> = {
    [SpanKind.SERVER]: "server",
    [SpanKind.CLIENT]: "client",
  };
  return {
    kind: kinds[span.kind] ?? "other",
    id: spanId,
    parent: span.parentSpanContext?.spanId,
    trace: traceId,
    failed: span.status.code === SpanStatusCode.ERROR,
    attributes: span.attributes,
  };
}
