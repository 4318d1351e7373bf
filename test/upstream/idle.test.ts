import { manualClock, type FaultyUpstream, type ManualClock } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import { expect, test } from "vitest";

import { opened } from "../faulty-upstream/opened.ts";
import { got, posted } from "./asked.ts";
import { eventLog } from "./event-log.ts";
import { outbound } from "./outbound.ts";

interface Setting {
  readonly clock: ManualClock;
  readonly server: FaultyUpstream;
  readonly upstream: Upstream;
}

async function setting(idleMs?: number): Promise<Setting> {
  const clock = manualClock();
  const server = await opened();
  return { clock, server, upstream: outbound({ clock, idleMs }) };
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

test("closes noticed while idle teach the limit once two agree, for GET and POST alike", async () => {
  const at = await setting();
  await closedAt(500, at);
  expect(await isReused(450, at)).toBe(true);
  await closedAt(520, at);
  for (const ask of [got, posted]) {
    expect(await isReused(400, at, ask)).toBe(true);
    expect(await isReused(450, at, ask)).toBe(false);
  }
});

test("a close noticed between choosing a connection and writing on it teaches as well", async () => {
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

test("one stale socket teaches the limit at once", async () => {
  const at = await setting();
  const log = eventLog();
  await got(at.upstream, at.server.origin);
  await at.clock.advance(600);
  at.server.script([{ fault: "reset" }]);
  expect(await got(at.upstream, at.server.origin)).toBe("ok");
  expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["stale-socket"]);
  expect(log.records[1]?.idleMs).toBe(600);
  expect(await isReused(470, at)).toBe(true);
  expect(await isReused(500, at)).toBe(false);
});

test("what was learned is forgiven slowly, and never beyond the configured limit", async () => {
  const at = await setting(1000);
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

test("connections that die young, or of different ages at one moment, teach nothing", async () => {
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

test("a close of our own teaches nothing", async () => {
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
