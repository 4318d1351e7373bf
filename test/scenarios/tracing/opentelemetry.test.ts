import { createRequire } from "node:module";

import { SpanKind, trace } from "@opentelemetry/api";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-node";
import { reissue, type ReissueOptions } from "@reissue/express";
import { headerValue } from "@reissue/testing";
import express from "express";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { askTraced } from "../../support/telemetry/ask-traced.ts";
import { opened } from "../../testing/opened.ts";

const spans = new InMemorySpanExporter();
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
let unload: () => void;

beforeAll(() => {
  provider.register();
  unload = registerInstrumentations({
    instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()],
  });
  // It patches the module's prototypes as somebody requires it.
  createRequire(import.meta.url)("node:http");
});

afterAll(async () => {
  unload();
  await provider.shutdown();
  trace.disable();
});

const users = Array.from({ length: 45 }, (_, number) => `user-${number}`);
const rounds = 2;

/** The trace that a user's requests belong to. */
function traceOf(user: string): string {
  return Buffer.from(user.padEnd(16, ".")).toString("hex");
}

/** Sends a request of a user. */
function ask(origin: string, method: string, user: string): Promise<string> {
  const lines = [`baggage: user=${user}`];
  return askTraced(origin, { method, path: `/${user}`, traceId: traceOf(user), lines });
}

test.each<[string, string, ReissueOptions]>([
  ["GETs with the defaults", "GET", {}],
  ["GETs in line, one in five of which is resent", "GET", { upstream: { connections: 2 } }],
  ["POSTs with the defaults", "POST", {}],
  ["POSTs in line", "POST", { upstream: { connections: 2 } }],
])("%s are traced as their own inbound requests are", async (_name, method, options) => {
  spans.reset();
  const isFaulty = method === "GET";
  const orders = await opened({
    respond: { delayMs: 2 },
    faults: isFaulty ? [{ fault: "reset", probability: 0.2 }] : [],
  });
  const gate = reissue(options);
  onTestFinished(() => gate.close());
  const app = express();
  app.use(gate);
  app.use(async (req, res) => {
    const order = await req.upstream(`${orders.origin}${req.path}`, { method });
    res.send(await order.text());
  });
  app.use(gate.errors());
  const origin = await listening(app);
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(users.map((user) => ask(origin, method, user)));
  }

  const sent = orders.requests.map(({ path, headers }) => {
    const [, traceId] = headerValue(headers, "traceparent")?.split("-") ?? [];
    return [path, traceId, headerValue(headers, "baggage")];
  });
  expect(sent).toEqual(
    sent.map(([path]) => {
      const user = String(path).slice(1);
      return [path, traceOf(user), `user=${user}`];
    }),
  );
  const calls = users.length * rounds;
  expect(sent.length).toBeGreaterThanOrEqual(isFaulty ? calls + 10 : calls);

  const clients = spans.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
  expect(clients.length).toBe(sent.length);
  for (const span of clients) {
    const user = String(span.attributes["url.path"]).slice(1);
    expect(span.spanContext().traceId).toBe(traceOf(user));
  }
});
