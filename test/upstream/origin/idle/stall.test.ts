import { setImmediate } from "node:timers/promises";

import type { Upstream } from "@reissue/upstream";
import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { got } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

function stall(ms: number): void {
  const until = performance.now() + ms;
  // real time: the loop must stand still
  while (performance.now() < until);
}

/** Leaves a connection behind that a POST is given at once. */
async function warmUp(upstream: Upstream, origin: string): Promise<void> {
  await got(upstream, origin);
  await setImmediate();
}

test.each([
  ["that the server still holds open", Infinity],
  ["that the server has closed meanwhile", 60],
])(
  "a POST that was delayed after it was given a hot socket %s takes a fresh one",
  async (_, idle) => {
    const server = await opened({ idleTimeoutMs: idle });
    const upstream = outbound({ unsafeIdleMs: 50 });
    const log = eventLog();
    await warmUp(upstream, server.origin);
    const answer = upstream.request(server.origin, { method: "POST", body: "abc" });
    stall(120);
    expect((await answer).statusCode).toBe(200);
    await (await answer).body.dump();
    const [, post] = server.requests;
    expect(server.requests).toHaveLength(2);
    expect([post?.connection, post?.nth]).toEqual([2, 1]);
    expect(server.stats().late).toBe(0);
    expect(log.records.at(-1)).toMatchObject({ reused: false, status: 200 });
  },
);

test("the error says that the first attempt was unsent", async () => {
  const server = await opened();
  const upstream = outbound({ unsafeIdleMs: 50 });
  const log = eventLog();
  await warmUp(upstream, server.origin);
  const answer = upstream.request(server.origin, { method: "POST", body: "abc" });
  stall(120);
  await (await answer).body.dump();
  expect(log.ends.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
  expect(log.records[1]).toMatchObject({ reused: null, failure: { delivery: "unsent" } });
  expect(log.decisions.map(({ decision }) => decision)).toEqual([
    { action: "resend", delayMs: 0, connection: "fresh", reason: "unsent" },
  ]);
});

test("a streamed body is not read for the attempt that was not written", async () => {
  const server = await opened();
  const upstream = outbound({ unsafeIdleMs: 50 });
  await warmUp(upstream, server.origin);
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from("abc");
    yield Buffer.from("def");
  }
  const answer = upstream.request(server.origin, { method: "POST", body: chunks() });
  stall(120);
  await (await answer).body.dump();
  expect(server.requests.map(({ body }) => body?.toString())).toEqual(["", "abcdef"]);
});

test("a request that may be resent is written on the socket it was given", async () => {
  const server = await opened();
  const upstream = outbound({ unsafeIdleMs: 50 });
  await got(upstream, server.origin);
  const answer = got(upstream, server.origin);
  stall(120);
  await answer;
  expect(server.requests.map(({ nth }) => nth)).toEqual([1, 2]);
});

test("a queued POST is protected in the same way", async () => {
  const server = await opened({ respond: { delayMs: 10 } });
  const upstream = outbound({ unsafeIdleMs: 50, connections: 1 });
  const first = upstream.request(server.origin);
  const answer = upstream.request(server.origin, { method: "POST", body: "abc" });
  const { body } = await first;
  stall(120);
  await Promise.all([body.dump(), (await answer).body.dump()]);
  expect(server.requests.map(({ method, nth }) => `${method} ${nth}`)).toEqual(["GET 1", "POST 1"]);
});
