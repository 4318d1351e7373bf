import { manualClock, type Fault, type FaultRule } from "@reissue/testing";
import { UpstreamError } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { moments } from "../../support/upstream/abort-moment.ts";
import { client } from "../../support/upstream/client.ts";

async function thrownBy(call: Promise<unknown>): Promise<UpstreamError> {
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  if (!(error instanceof UpstreamError)) throw new Error("no UpstreamError", { cause: error });
  return error;
}

const timeout = { code: "ERR_REISSUE_UPSTREAM_TIMEOUT", delivery: "unknown" };

describe("a hanging upstream", () => {
  const hang: FaultRule[] = [{ fault: "hang" }];

  test("loses its attempt after attemptTimeoutMs, to the millisecond", async () => {
    const clock = manualClock();
    const server = await opened({ faults: hang });
    const sent = thrownBy(
      client({ clock, retry: { attemptTimeoutMs: 200 } }).request(server.origin),
    );
    await server.until(({ heads }) => heads === 1);
    await clock.advance(199);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    const error = await sent;
    expect(error).toMatchObject({ ...timeout, reason: "condition-not-listed" });
    expect(error.failure).toMatchObject({ kind: "timeout", phase: "response-headers" });
    expect(error.attempts).toMatchObject([{ attempt: 1, durationMs: 200, reused: false }]);
    expect(error.cause).toMatchObject({ name: "TimeoutError" });
    expect(clock.pending).toBe(0);
    await server.until(({ open }) => open === 0);
  });

  test("leads to resends on other connections if `timeout` is listed, as often as allowed", async () => {
    const clock = manualClock();
    const server = await opened({ faults: hang });
    const retry = { attemptTimeoutMs: 200, retryOn: ["timeout"] as const };
    const sent = thrownBy(client({ clock, retry }).request(server.origin));
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await server.until(({ heads }) => heads === attempt);
      await clock.advance(400);
    }
    const error = await sent;
    expect(error).toMatchObject({ ...timeout, reason: "attempts-exhausted" });
    expect(error.attempts.map(({ attempt, reused }) => [attempt, reused])).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ]);
    expect(server.connections).toBe(3);
    expect(clock.pending).toBe(0);
    await server.until(({ open }) => open === 0);
  });

  test.each(["GET", "POST"])("holds a %s no longer than totalTimeoutMs", async (method) => {
    const clock = manualClock();
    const server = await opened({ faults: hang });
    const retry = { totalTimeoutMs: 300, retryOn: ["timeout", "reset"] as const };
    const sent = thrownBy(client({ clock }).request(server.origin, { method, retry }));
    await server.until(({ heads }) => heads === 1);
    await clock.advance(300);
    expect(await sent).toMatchObject({ ...timeout, reason: "deadline-exceeded" });
    expect(clock.pending).toBe(0);
  });

  test.each(["GET", "POST"])("holds a %s no longer than its inbound deadline", async (method) => {
    const clock = manualClock({ nowMs: 5000 });
    const server = await opened({ faults: hang });
    const bound = client({ clock }).bind({ deadlineMs: 5100 });
    const calls = [
      thrownBy(bound(server.origin, { method })),
      thrownBy(bound.request(server.origin, { method })),
    ];
    await server.until(({ heads }) => heads === 2);
    await clock.advance(100);
    for (const call of calls)
      expect(await call).toMatchObject({ ...timeout, reason: "deadline-exceeded" });
    expect(clock.pending).toBe(0);
    await server.until(({ open }) => open === 0);
  });
});

test.each(["GET", "POST"])("a %s whose deadline has passed is not sent at all", async (method) => {
  const clock = manualClock({ nowMs: 5000 });
  const server = await opened();
  const upstream = client({ clock });
  await (await upstream(server.origin)).text();
  server.clear();
  const sent = thrownBy(upstream.bind({ deadlineMs: 5000 }).request(server.origin, { method }));
  await clock.advance(1);
  expect(await sent).toMatchObject({ reason: "deadline-exceeded", delivery: "unsent" });
  expect(server.requests).toEqual([]);
  expect(clock.pending).toBe(0);
});

describe("the deadline of a call", () => {
  test.each(moments.filter(({ answered }) => !answered))(
    "ends it in this moment: $name",
    async (moment) => {
      const clock = manualClock();
      const upstream = client({ clock, connections: 1 });
      const scene = await moment.stage(clock, upstream);
      const before = { timers: clock.pending, open: scene.open() };
      const ended = thrownBy(upstream.bind({ deadlineMs: 14_000 }).request(scene.origin));
      await scene.reached();
      await clock.advance(14_000);
      expect(await ended).toMatchObject({ reason: "deadline-exceeded" });
      if (moment.name !== "in line for a connection") expect(clock.pending).toBe(before.timers);
    },
  );
});

test("an unreachable upstream is tried until the deadline, and not after it", async () => {
  const clock = manualClock();
  const server = await opened();
  await server.refuse();
  const upstream = client({ clock, retry: { totalTimeoutMs: 400 } });
  const ended = thrownBy(upstream.request(server.origin));
  // real time: connecting is up to the kernel, between two steps of the clock
  const step = (): Promise<null> => new Promise((resolve) => setTimeout(resolve, 2, null));
  let error: UpstreamError | null = null;
  while (error === null) {
    await clock.advance(10);
    error = await Promise.race([ended, step()]);
  }
  expect(error).toMatchObject({ code: "ERR_REISSUE_UPSTREAM_UNSENT", reason: "deadline-exceeded" });
  expect(error.attempts).toMatchObject([{ attempt: 1, repeats: expect.any(Number) }]);
  expect(error.attempts[0]?.repeats).toBeGreaterThan(1);
  expect(clock.now()).toBeLessThanOrEqual(400);
  expect(clock.pending).toBe(0);
});

test.each<[string, Fault, boolean]>([
  ["is ended in its head", { fault: "slow", everyMs: 1000 }, false],
  ["is not ended once the caller has it", { fault: "slow", everyMs: 20, from: "body" }, true],
])("a response that drips slowly keeps its own limit: it %s", async (_when, fault, given) => {
  const clock = manualClock();
  const server = await opened({ faults: [fault], respond: { body: "0123456789", chunked: given } });
  const sent = client({ clock, retry: { attemptTimeoutMs: 200 } }).request(server.origin);
  const ended = sent.then(({ body }) => body.text());
  const outcome = ended.catch((error: unknown) => error);
  await server.until(({ heads }) => heads === 1);
  if (given) await sent;
  // real time: the part that is sent must have been read
  else await new Promise((resolve) => setTimeout(resolve, 30));
  await clock.advance(200);
  if (given) expect(await outcome).toBe("0123456789");
  else expect(await outcome).toMatchObject(timeout);
  expect(clock.pending).toBe(0);
});

test("the error of a call that ends at its deadline on the real clock says so", async () => {
  const server = await opened({ faults: [{ fault: "hang" }] });
  const upstream = client();
  const reasons = new Set<string>();
  for (let call = 0; call < 40; call += 1) {
    const retry = { totalTimeoutMs: 3 + call / 40 };
    reasons.add((await thrownBy(upstream.request(server.origin, { retry }))).reason);
  }
  expect([...reasons]).toEqual(["deadline-exceeded"]);
});
