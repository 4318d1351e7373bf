import type { IncomingMessage, ServerResponse } from "node:http";

import { attemptChannel, type AttemptMessage } from "@reissue/core";
import { reissue } from "@reissue/express";
import { ReissueInstrumentation } from "@reissue/opentelemetry";
import { manualClock } from "@reissue/testing";
import express from "express";
import { describe, expect, onTestFinished, test } from "vitest";

import { agentWith } from "../../support/agent/agents.ts";
import { call, failure } from "../../support/agent/call.ts";
import { listening } from "../../support/listen.ts";
import { askTraced, callerSpan } from "../../support/telemetry/ask-traced.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { opened } from "../../testing/opened.ts";
import { tracing, type SeenSpan } from "../../support/telemetry/tracing.ts";

const { spans } = tracing(new ReissueInstrumentation());

const traceId = "0af7651916cd43dd8448eb211c80319c";

const ask = (origin: string, method: string): Promise<string> =>
  askTraced(origin, { method, traceId });

/** A server of node:http's that does with its requests, in turn, what a list says; then it responds. */
function orders(...script: ((req: IncomingMessage, res: ServerResponse) => void)[]) {
  return listening((req, res) => {
    const next = script.shift() ?? ok;
    next(req, res);
  });
}

function ok(_req: IncomingMessage, res: ServerResponse): void {
  res.end("ok");
}

function hangUp(req: IncomingMessage): void {
  req.socket.destroy();
}

function unavailable(_req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(503).end("down");
}

/** A service that asks an upstream for each of its requests; time stands still in it. */
async function service(upstream: string, path = "/orders") {
  const clock = manualClock();
  const gate = reissue({ upstream: { clock } });
  onTestFinished(() => gate.close());
  const app = express();
  app.use(gate);
  app.use(async (req, res) => {
    const order = await req.upstream(`${upstream}${path}`, { method: req.method });
    res.status(order.status).send(await order.text());
  });
  app.use(gate.errors());
  return { origin: await listening(app), clock };
}

/** Spans as one can write them down: each with its parent, and what Reissue says of it. */
function told(all: readonly SeenSpan[]): unknown[] {
  return all.map(({ kind, parent, failed, attributes }) => {
    const own = Object.entries(attributes).filter(([name]) =>
      /^(reissue\.|error\.type$|http\.request\.resend_count$)/.test(name),
    );
    const above = all.findIndex(({ id }) => id === parent);
    return [kind, above === -1 ? parent : above, failed, Object.fromEntries(own)];
  });
}

const stale = {
  "error.type": "reset",
  "reissue.phase": "request",
  "reissue.delivery": "stale",
  "reissue.reused": true,
  "reissue.idle_seconds": 3,
};

describe("a trace from an inbound request to its upstream", () => {
  test("shows both attempts of a resent request, the second one as a resend, with the delivery of each", async () => {
    const upstream = await orders(ok, hangUp);
    const { origin, clock } = await service(upstream);
    await ask(origin, "GET");
    await spans(3);
    await clock.advance(3000);
    expect(await ask(origin, "GET")).toContain("200 OK");

    const all = (await spans(8)).slice(3);
    expect(told(all)).toEqual([
      ["server", callerSpan, false, {}],
      [
        "client",
        0,
        true,
        { ...stale, "reissue.decision": "resend", "reissue.reason": "stale-socket" },
      ],
      ["server", 1, expect.any(Boolean), {}],
      ["client", 0, false, { "http.request.resend_count": 1 }],
      ["server", 3, false, {}],
    ]);
    expect(new Set(all.map(({ trace }) => trace))).toEqual(new Set([traceId]));
  });

  test("shows why a POST was not sent again", async () => {
    const upstream = await orders(ok, hangUp);
    const { origin, clock } = await service(upstream);
    await ask(origin, "GET");
    await clock.advance(500);
    expect(await ask(origin, "POST")).toContain("500 Internal Server Error");

    const [, client] = (await spans(6)).slice(3);
    expect(client).toMatchObject({
      kind: "client",
      failed: true,
      attributes: {
        "reissue.reused": true,
        "reissue.idle_seconds": 0.5,
        "reissue.decision": "give-up",
        "reissue.reason": "not-retry-safe",
      },
    });
  });

  test("shows a status that was retried", async () => {
    const upstream = await orders(unavailable);
    const { origin, clock } = await service(upstream);
    const response = ask(origin, "GET");
    await spans(2);
    await clock.advance(2000);
    expect(await response).toContain("200 OK");

    expect(told(await spans(5))).toEqual([
      ["server", callerSpan, false, {}],
      [
        "client",
        0,
        true,
        {
          "reissue.phase": "response",
          "reissue.delivery": "responded",
          "reissue.reused": false,
          "reissue.decision": "resend",
          "reissue.reason": "status",
        },
      ],
      ["server", 1, true, expect.anything()],
      ["client", 0, false, { "http.request.resend_count": 1 }],
      ["server", 3, false, {}],
    ]);
  });

  test("adds nothing to the span of an attempt that succeeded at once", async () => {
    const { origin } = await service(await orders());
    await ask(origin, "GET");
    expect(told(await spans(3))).toEqual([
      ["server", callerSpan, false, {}],
      ["client", 0, false, {}],
      ["server", 1, false, {}],
    ]);
  });
});

describe("requests at once, some of which are resent", () => {
  test.each([{}, { connections: 2 }])(
    "have one span for each send, and each resend says which it is, with %o",
    async (options) => {
      const upstream = await opened({
        respond: { delayMs: 2 },
        faults: [{ fault: "reset", probability: 0.2 }],
      });
      const client = outbound({ retry: { maxAttempts: 5 }, ...options });
      const paths = Array.from({ length: 60 }, (_, number) => `/${number}`);
      const attempts: AttemptMessage[] = [];
      const onStart = (message: unknown): void => void attempts.push(message as AttemptMessage);
      attemptChannel.start.subscribe(onStart);
      onTestFinished(() => {
        attemptChannel.start.unsubscribe(onStart);
      });
      await Promise.all(
        paths.map(async (path) => {
          const response = await client(upstream.origin + path).catch(() => null);
          await response?.text();
        }),
      );
      expect(attempts.length).toBeGreaterThan(paths.length);
      const all = await spans(attempts.length);
      expect(all).toHaveLength(attempts.length);
      for (const path of paths) {
        const own = all.filter(({ attributes }) => attributes["url.path"] === path);
        const counts = own.map(({ attributes }) => attributes["http.request.resend_count"]);
        const sent = attempts.filter((each) => each.path === path);
        expect(counts).toEqual(
          sent.map(({ attempt }) => (attempt === 1 ? undefined : attempt - 1)),
        );
        const reasons = own.map(({ attributes }) => attributes["reissue.reason"]);
        expect(reasons.map(Boolean)).toEqual(own.map(({ failed }) => failed));
      }
    },
  );
});

describe("a request of an agent", () => {
  test("has one span however often it is sent, which says what the latest failure was", async () => {
    const upstream = await orders(ok, hangUp);
    const clock = manualClock();
    const agent = agentWith({ clock });
    await call(upstream, { agent });
    await spans(2);
    await clock.advance(3000);
    await call(upstream, { agent });

    const { "error.type": _, ...failed } = stale;
    expect(told(await spans(5)).slice(2)).toEqual([
      [
        "client",
        undefined,
        false,
        {
          ...failed,
          "http.request.resend_count": 1,
          "reissue.decision": "resend",
          "reissue.reason": "stale-socket",
        },
      ],
      ["server", 2, expect.any(Boolean), {}],
      ["server", 2, false, {}],
    ]);
  });

  test("has a span that says why it was not sent again", async () => {
    const agent = agentWith();
    await failure(call(await orders(hangUp), { agent, method: "POST" }));
    const [client] = await spans(2);
    expect(client).toMatchObject({
      kind: "client",
      failed: true,
      attributes: { "reissue.delivery": "unknown", "reissue.reason": "not-retry-safe" },
    });
  });
});
