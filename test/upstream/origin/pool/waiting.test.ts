import { manualClock } from "@reissue/testing";
import { UpstreamError } from "@reissue/upstream";
import { expect, test, vi } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { SkewedClock } from "../../../support/clock/skewed-clock.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { Gate } from "../../../support/upstream/held-responses.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

test("a wait in the queue that takes too long ends within the window, with its own error", async () => {
  const clock = manualClock();
  const server = await opened();
  const upstream = outbound({ connections: 1, clock });
  server.script([{ fault: "hang" }]);
  const hanging = got(upstream, server.origin).catch(() => {});
  const retry = { attemptTimeoutMs: 60, unsentWindowMs: 100, totalTimeoutMs: 2500 };
  const ended = upstream
    .request(server.origin, { method: "POST", retry })
    .catch((thrown: unknown) => thrown);
  await server.until(({ heads }) => heads === 1);
  // The last wait may begin just before the end of the window.
  await clock.advance(160);
  const error = await Promise.race([ended, Promise.resolve("still in line")]);
  expect(error).toBeInstanceOf(UpstreamError);
  expect(error).toMatchObject({ delivery: "unsent", failure: { kind: "timeout", phase: "pool" } });
  expect((error as UpstreamError).attempts).not.toEqual([]);
  expect(server.stats().heads).toBe(1);
  await upstream.dispatcher.destroy();
  await hanging;
});

test.each([
  ["its own time", "queue-timeout", { attemptTimeoutMs: 50 }],
  ["its own time, without a window", "queue-timeout", { attemptTimeoutMs: 50, unsentWindowMs: 0 }],
  [
    "its own time, again and again",
    "queue-timeout",
    { attemptTimeoutMs: 50, unsentWindowMs: 0, retryOn: ["timeout" as const] },
  ],
  ["the deadline", "deadline-exceeded", { totalTimeoutMs: 50 }],
  [
    "the deadline, in the second wait",
    "deadline-exceeded",
    { attemptTimeoutMs: 50, totalTimeoutMs: 90, unsentWindowMs: 500, backOff: { baseMs: 1 } },
  ],
])("a wait in line that is ended by %s is given up as %s", async (_, reason, retry) => {
  const clock = manualClock();
  const server = await opened();
  const upstream = outbound({ connections: 1, clock });
  server.script([{ fault: "hang" }]);
  const hanging = got(upstream, server.origin).catch(() => {});
  const errors: unknown[] = [];
  for (const method of ["GET", "POST"]) {
    upstream.request(server.origin, { method, retry }).catch((error) => errors.push(error));
    upstream(server.origin, { method, retry }).catch((error) => errors.push(error));
  }
  await server.until(({ heads }) => heads === 1);
  await clock.advance(3000);
  await vi.waitFor(() => expect(errors).toHaveLength(4), { interval: 2 });
  for (const error of errors) expect(error).toMatchObject({ delivery: "unsent", reason });
  expect(server.stats().heads).toBe(1);
  await upstream.dispatcher.destroy();
  await hanging;
});

test("a wait in the queue that took too long does not count against the next connection", async () => {
  const clock = manualClock();
  const gate = new Gate();
  const server = await opened({
    respond: ({ path }) => (path === "/slow" ? gate.answer(path) : {}),
  });
  const upstream = outbound({ connections: 1, clock });
  const log = eventLog();
  const slow = got(upstream, `${server.origin}/slow`);
  const waiting = upstream.request(`${server.origin}/waited`, {
    method: "POST",
    retry: { attemptTimeoutMs: 100 },
  });
  await server.until(({ received }) => received === 1);
  // The first wait is over, and after a back-off of less than 50 ms the second one has begun.
  await clock.advance(150);
  gate.open("/slow");
  await slow;
  await (await waiting).body.dump();
  expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["unsent"]);
  expect(server.connections).toBe(1);
});

test.each([
  ["by its call", 1000, undefined],
  ["by its origin", undefined, 1000],
])(
  "a connection that comes after the time set %s, but before the timer, is not used for that wait",
  async (_, own, shared) => {
    const clock = new SkewedClock();
    const gate = new Gate();
    const server = await opened({
      respond: ({ path }) => (path === "/slow" ? gate.answer(path) : {}),
    });
    const upstream = outbound({ connections: 1, clock, retry: { attemptTimeoutMs: shared } });
    const log = eventLog();
    const slow = upstream.request(`${server.origin}/slow`, { retry: { attemptTimeoutMs: 20_000 } });
    const waiting = upstream.request(`${server.origin}/waited`, {
      method: "POST",
      retry: { attemptTimeoutMs: own },
    });
    await server.until(({ received }) => received === 1);
    // The process stood still, so that the timer of the one in line has not fired yet.
    clock.skip(1500);
    gate.open("/slow");
    await (await slow).body.dump();
    await (await waiting).body.dump();
    expect(log.starts.map(({ path, attempt }) => [path, attempt])).toEqual([
      ["/slow", 1],
      ["/waited", 2],
    ]);
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["unsent"]);
    expect(server.connections).toBe(1);
  },
);

test("time in the queue is not subtracted from the window in which connecting is tried again", async () => {
  const clock = manualClock();
  const gate = new Gate();
  const server = await opened({
    respond: async ({ path }) => ({
      ...(await gate.answer(path)),
      headers: { connection: "close" },
    }),
  });
  gate.open("/waited");
  const upstream = outbound({ connections: 1, clock });
  const first = got(upstream, `${server.origin}/first`);
  const waited = posted(upstream, `${server.origin}/waited`);
  await server.until(({ received }) => received === 1);
  await clock.advance(5000);
  await server.refuse();
  gate.open("/first");
  expect(await first).toBe("ok");
  // Refused once, it is in back-off.
  await vi.waitFor(() => expect(clock.nextMs).toBeLessThan(50), { interval: 2 });
  await server.accept();
  await clock.advance(50);
  expect(await waited).toBe("ok");
});

test.each([
  ["a GET", { method: "GET" }],
  ["a POST without a body", { method: "POST" }],
  ["a POST with a body", { method: "POST", body: "x" }],
])(
  "the upstream has the whole timeout for %s, however long that has waited in line",
  async (...row) => {
    const [, call] = row;
    const clock = manualClock();
    const gate = new Gate();
    const server = await opened({ respond: ({ path }) => gate.answer(path) });
    const upstream = outbound({ connections: 1, clock, retry: { attemptTimeoutMs: 100 } });
    const log = eventLog();
    const patient = { retry: { attemptTimeoutMs: 1000 } };
    const slow = upstream.request(`${server.origin}/slow`, patient);
    const waiting = upstream.request(`${server.origin}/waited`, call);
    const ended = waiting.then(({ statusCode }) => statusCode);
    ended.catch(() => {});
    await server.until(({ received }) => received === 1);
    await clock.advance(90);
    gate.open("/slow");
    await (await slow).body.dump();
    await server.until(({ received }) => received === 2);
    await clock.advance(90);
    gate.open("/waited");
    expect(await ended).toBe(200);
    expect(log.decisions).toEqual([]);
  },
);
