import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { SkewedClock } from "../../../support/clock/skewed-clock.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { Gate } from "../../../support/upstream/held-responses.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

test("a resend never meets a stale socket, however many pooled ones are stale", async () => {
  const server = await opened({ respond: { delayMs: 20 } });
  const upstream = outbound({ clock: manualClock() });
  const log = eventLog();
  const all = Array.from({ length: 24 }, (_, index) => `${server.origin}/${index}`);
  await Promise.all(all.map((url) => got(upstream, url)));
  server.setFaults([{ fault: "reset", on: "reused" }]);
  await Promise.all(all.map((url) => got(upstream, url)));
  const second = server.requests.slice(24);
  expect(second.filter(({ nth }) => nth > 1).every(({ fault }) => fault === "reset")).toBe(true);
  const resent = log.ends.filter(({ attempt }) => attempt > 1);
  expect(resent.length).toBeGreaterThan(0);
  for (const { record, attempt } of resent) {
    expect([attempt, record?.reused, record?.status]).toEqual([2, false, 200]);
  }
  expect(log.decisions.every(({ decision }) => decision.reason === "stale-socket")).toBe(true);
  expect(server.duplicates()).toEqual([]);
});

test("a stale socket closes older idle ones, and leaves younger ones", async () => {
  const clock = new SkewedClock();
  const gate = new Gate();
  const server = await opened({ respond: ({ path }) => gate.answer(path) });
  const upstream = outbound({ clock });
  const asked = ["/a", "/b", "/c", "/d"].map((path) => got(upstream, server.origin + path));
  await server.until(({ received }) => received === 4);
  for (const [index, path] of ["/a", "/b", "/c", "/d"].entries()) {
    gate.open(path);
    await asked[index];
    clock.skip(10);
  }
  // The youngest is busy, so the next one finds /c on top.
  const busy = got(upstream, `${server.origin}/busy`);
  await server.until(({ received }) => received === 5);
  server.script([{ fault: "reset" }]);
  const resent = got(upstream, `${server.origin}/resent`);
  await server.until(({ received }) => received === 6);
  const stale = server.requests.find(({ fault }) => fault === "reset");
  const third = server.requests.find(({ path }) => path === "/c");
  expect(stale?.connection).toBe(third?.connection);
  await server.until(({ open }) => open === 2);
  gate.open("/busy");
  gate.open("/resent");
  await Promise.all([busy, resent]);
  expect(server.connections).toBe(5);
  expect(server.open).toBe(2);
});

test("a queued resend gets a fresh connection in place of a used one", async () => {
  const gate = new Gate();
  const server = await opened({
    respond: ({ path }) => (path === "/first" ? gate.answer(path) : {}),
  });
  const clock = new SkewedClock();
  const upstream = outbound({ clock, connections: 1 });
  await got(upstream, server.origin);
  // One that died right after its answer would keep the POST off a connection that has just come back.
  clock.skip(30);
  server.script([{ fault: "reset" }]);
  const stale = got(upstream, `${server.origin}/stale`);
  const first = got(upstream, `${server.origin}/first`);
  const hot = posted(upstream, `${server.origin}/hot`);
  await server.until(({ heads }) => heads === 3);
  gate.open("/first");
  await Promise.all([stale, first, hot]);
  const seen = server.requests.slice(1).map(({ path, nth }) => `${path} ${nth}`);
  expect(seen).toEqual(["/stale 2", "/first 1", "/hot 2", "/stale 1"]);
});
