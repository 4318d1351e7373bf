import { manualClock, type FaultyUpstream, type ManualClock } from "@reissue/testing";
import type { Upstream, UpstreamOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

interface Setting {
  readonly clock: ManualClock;
  readonly server: FaultyUpstream;
  readonly upstream: Upstream;
}

async function setting(options: UpstreamOptions = {}): Promise<Setting> {
  const clock = manualClock();
  const server = await opened();
  return { clock, server, upstream: outbound({ clock, ...options }) };
}

/** Lets the server close a connection that has been idle for `ageMs`, and the client notice it at once. */
async function closedAt(ageMs: number, { clock, server, upstream }: Setting): Promise<void> {
  await got(upstream, server.origin);
  await clock.advance(ageMs);
  server.killIdle({ with: "fin" });
  await server.until(({ open }) => open === 0);
}

/** Whether a connection is used again that has been idle for `ageMs`. */
async function isReused(ageMs: number, { clock, server, upstream }: Setting, ask = got) {
  await ask(upstream, server.origin);
  const before = server.connections;
  await clock.advance(ageMs);
  await ask(upstream, server.origin);
  return server.connections === before;
}

test("two closes of idle connections at similar ages lower the limit, for GET and POST", async () => {
  const at = await setting();
  await closedAt(500, at);
  expect(await isReused(450, at)).toBe(true);
  await closedAt(520, at);
  for (const ask of [got, posted]) {
    expect(await isReused(400, at, ask)).toBe(true);
    expect(await isReused(450, at, ask)).toBe(false);
  }
});

test("a close noticed between choosing a connection and writing on it counts as well", async () => {
  const at = await setting();
  for (let round = 0; round < 2; round += 1) {
    await got(at.upstream, at.server.origin);
    await at.clock.advance(500);
    at.server.killIdle({ with: "rst" });
    await got(at.upstream, at.server.origin);
    await closedAt(0, at);
  }
  expect(await isReused(450, at)).toBe(false);
});

/** Lets a connection die under a request after it has been idle for `ageMs`. */
async function staleAt(ageMs: number, { clock, server, upstream }: Setting): Promise<void> {
  await got(upstream, server.origin);
  await clock.advance(ageMs);
  server.script([{ fault: "reset" }]);
  expect(await got(upstream, server.origin)).toBe("ok");
}

describe("one stale socket", () => {
  test("leaves requests alone that may be resent", async () => {
    const at = await setting();
    const log = eventLog();
    await staleAt(600, at);
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["stale-socket"]);
    expect(log.records[1]?.idleMs).toBe(600);
    expect(await isReused(599, at)).toBe(true);
  });

  test("keeps POSTs off connections of that idle time, and off no others", async () => {
    const at = await setting();
    await staleAt(600, at);
    expect(await isReused(480, at, posted)).toBe(true);
    expect(await isReused(490, at, posted)).toBe(false);
  });

  test("is forgotten after a response on a connection of that age", async () => {
    const at = await setting();
    await staleAt(600, at);
    expect(await isReused(600, at)).toBe(true);
    expect(await isReused(600, at, posted)).toBe(true);
  });

  test("is forgotten after an idle connection outlives it", async () => {
    const at = await setting();
    await staleAt(600, at);
    const before = at.server.connections;
    for (let call = 0; call < 10; call += 1) {
      await at.clock.advance(600);
      await posted(at.upstream, at.server.origin);
    }
    expect(at.server.connections - before).toBe(1);
  });

  test("makes a pool of one connection open a few new ones", async () => {
    const at = await setting({ connections: 1 });
    await staleAt(600, at);
    const before = at.server.connections;
    for (let call = 0; call < 10; call += 1) {
      await at.clock.advance(600);
      await posted(at.upstream, at.server.origin);
    }
    expect(at.server.connections - before).toBe(3);
  });
});

test("stale sockets among many live ones teach nothing", async () => {
  const at = await setting();
  for (let round = 0; round < 3; round += 1) {
    await staleAt(600, at);
    expect(await isReused(600, at)).toBe(true);
  }
  expect(await isReused(600, at, posted)).toBe(true);
});

test("two consecutive stale sockets of similar idle times lower the limit, and so do a stale one and a close", async () => {
  for (const second of [staleAt, closedAt]) {
    const at = await setting();
    await staleAt(600, at);
    await second(500, at);
    for (const ask of [got, posted]) {
      expect(await isReused(400, at, ask)).toBe(true);
      expect(await isReused(410, at, ask)).toBe(false);
    }
  }
});

test("stale sockets at the same time are one event, even with equal idle times", async () => {
  const at = await setting();
  at.server.setRespond(() => ({ delayMs: 5 }));
  const both = async (): Promise<unknown> =>
    Promise.all([1, 2].map(() => got(at.upstream, at.server.origin)));
  await both();
  await at.clock.advance(600);
  at.server.script([{ fault: "reset" }, { fault: "reset" }]);
  await both();
  expect(await isReused(599, at)).toBe(true);
});

test("a learned limit rises slowly, and never above the configured one", async () => {
  const at = await setting({ idleMs: 1000 });
  await closedAt(500, at);
  await closedAt(500, at);
  expect(await isReused(600, at)).toBe(false);
  await at.clock.advance(60_000);
  expect(await isReused(600, at)).toBe(true);
  expect(await isReused(950, at)).toBe(false);
  await at.clock.advance(600_000);
  expect(await isReused(1000, at)).toBe(true);
  expect(await isReused(1001, at)).toBe(false);
});

test("connections that die young, or with different idle times at the same time, teach nothing", async () => {
  const at = await setting();
  await closedAt(19, at);
  await closedAt(19, at);
  at.server.setRespond(() => ({ delayMs: 5 }));
  await Promise.all([1, 2].map(() => got(at.upstream, at.server.origin)));
  await at.clock.advance(500);
  await got(at.upstream, at.server.origin);
  await at.clock.advance(300);
  expect(at.server.killIdle({ with: "fin" })).toBe(2);
  await at.server.until(({ open }) => open === 0);
  expect(await isReused(3900, at)).toBe(true);
});

test("a close by the client itself teaches nothing", async () => {
  const clock = manualClock();
  const server = await opened();
  const upstream = outbound({ clock, idleMs: 100 });
  for (let round = 0; round < 2; round += 1) {
    await got(upstream, server.origin);
    await clock.advance(50);
    // Undici's idle timer, in real time.
    await server.until(({ open }) => open === 0);
  }
  expect(await isReused(100, { clock, server, upstream })).toBe(true);
});
