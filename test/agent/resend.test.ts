import { once } from "node:events";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";

import { systemClock } from "@reissue/core";
import { describe, expect, test } from "vitest";

import { opened } from "../testing/opened.ts";
import { agentWith } from "../support/agent/agents.ts";
import { begin, call, failure, replyTo, type CallOptions } from "../support/agent/call.ts";

const safe: readonly (readonly [name: string, options: Omit<CallOptions, "agent">])[] = [
  ["GET", {}],
  ["HEAD", { method: "HEAD" }],
  ["DELETE", { method: "DELETE" }],
  ["PUT", { method: "PUT", body: "x".repeat(3000) }],
  ["PUT of 300 KB", { method: "PUT", body: Buffer.alloc(300_000, "x") }],
  ["POST with a key", { method: "POST", body: "x", headers: { "Idempotency-Key": "k" } }],
];

const deaths = (["reset", "end"] as const).flatMap((fault) => [
  { fault, when: "before-processing", at: "body-end" } as const,
  { fault, when: "after-processing" } as const,
]);

describe.each(safe)("a %s on a connection that dies", (_name, options) => {
  test.each(deaths)("is sent again once and whole if it dies by $fault $when", async (death) => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([death]);
    const { status, request } = await call(upstream.origin, { agent, ...options });
    expect(status).toBe(200);
    expect(request.reusedSocket).toBe(false);
    expect(upstream.connections).toBe(2);
    const bodies = upstream.requests.slice(1).map(({ bodyBytes }) => bodyBytes);
    expect(new Set(bodies)).toEqual(new Set([options.body?.length ?? 0]));
    expect(upstream.requests).toHaveLength(3);
  });
});

test.each(deaths)(
  "a plain POST that dies by $fault $when is processed at most once",
  async (death) => {
    const upstream = await opened();
    const agent = agentWith();
    await call(upstream.origin, { agent });
    upstream.script([{ ...death, delayMs: 5 }]);
    const error = await failure(call(upstream.origin, { agent, method: "POST", body: "x" }));
    expect(error.code).toBe("ECONNRESET");
    expect(error.reissue).toMatchObject({
      delivery: "stale",
      reason: "not-retry-safe",
      resends: 0,
      attempts: [{ attempt: 1, reused: true, status: null }],
    });
    expect(Object.keys(error)).not.toContain("reissue");
    expect(upstream.duplicates()).toEqual([]);
    expect(upstream.requests).toHaveLength(2);
  },
);

test("a request that dies on a fresh connection is not sent again, since most clients retry themselves", async () => {
  const upstream = await opened();
  upstream.script([{ fault: "reset", at: "body-end" }]);
  const error = await failure(call(upstream.origin, { agent: agentWith() }));
  expect(error.reissue).toMatchObject({ delivery: "unknown", reason: "attempts-exhausted" });
  expect(upstream.requests).toHaveLength(1);
});

test("a request is sent again with maxAttempts, after a back-off, and the report lists each attempt", async () => {
  const upstream = await opened();
  const agent = agentWith({
    clock: systemClock,
    retry: { maxAttempts: 3, backOff: { baseMs: 1 } },
  });
  const die = { fault: "reset", at: "body-end" } as const;
  upstream.script([die, die]);
  expect((await call(upstream.origin, { agent })).status).toBe(200);
  upstream.script([die, die, die, die]);
  const { reissue } = await failure(call(upstream.origin, { agent }));
  expect(reissue?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  expect(reissue).toMatchObject({ reason: "attempts-exhausted", resends: 3 });
});

test("a stale death is left to the client with retryOn: []", async () => {
  const upstream = await opened();
  const agent = agentWith({ retry: { retryOn: [] } });
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset" }]);
  const { reissue } = await failure(call(upstream.origin, { agent }));
  expect(reissue).toMatchObject({ delivery: "stale", reason: "condition-not-listed" });
});

test("a streamed upload in progress continues where it is sent again", async () => {
  const upstream = await opened();
  const agent = agentWith();
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset", at: "head", delayMs: 20 }]);
  const request = begin(upstream.origin, { agent, method: "PUT" });
  const parts = Array.from({ length: 40 }, (_, index) => Buffer.alloc(1000, 97 + (index % 26)));
  Readable.from(
    (async function* () {
      for (const part of parts) {
        yield part;
        await setImmediate();
      }
    })(),
  ).pipe(request);
  expect((await replyTo(request)).status).toBe(200);
  const last = upstream.requests.at(-1)!;
  expect(last.bodyBytes).toBe(40_000);
});

test("the owner of a body may change it once its write callback has been called", async () => {
  const upstream = await opened();
  const agent = agentWith();
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset", when: "after-processing", delayMs: 20 }]);
  const body = Buffer.from("first");
  const request = begin(upstream.origin, { agent, method: "PUT" });
  request.write(body, () => body.fill("-"));
  request.end();
  await replyTo(request);
  const bodies = upstream.requests.map(({ body }) => String(body));
  expect(bodies.slice(1)).toEqual(["first", "first"]);
});

test("the client sees each event once, and its listeners follow the request", async () => {
  const upstream = await opened();
  const agent = agentWith();
  await call(upstream.origin, { agent });
  upstream.script([{ fault: "reset" }]);
  const events: string[] = [];
  const request = begin(upstream.origin, { agent, method: "PUT" });
  for (const event of ["socket", "finish", "response", "close", "error", "abort", "timeout"]) {
    request.on(event, () => events.push(event));
  }
  request.end("x");
  const [first] = await once(request, "socket");
  first.on("error", () => events.push("socket error"));
  first.once("data", () => events.push("data"));
  const { response } = await replyTo(request);
  expect(request.socket).not.toBe(first);
  await setImmediate();
  expect(response.complete).toBe(true);
  expect(events).toEqual(["socket", "finish", "response", "data", "close"]);
});

test("idle connections at least as old as a dead one are closed with it", async () => {
  const upstream = await opened();
  const agent = agentWith();
  await Promise.all([1, 2, 3].map(() => call(upstream.origin, { agent })));
  expect(upstream.open).toBe(3);
  upstream.script([{ fault: "reset" }]);
  await call(upstream.origin, { agent });
  expect(upstream.connections).toBe(4);
  await expect.poll(() => upstream.open).toBe(1);
});
