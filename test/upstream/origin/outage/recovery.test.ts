import type { Upstream, UpstreamOptions } from "@reissue/upstream";
import { expect, test, vi } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { SkewedClock } from "../../../support/clock/skewed-clock.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { certificate } from "../../../support/upstream/servers/certificate.ts";
import { Door } from "../../../support/upstream/servers/door.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { h2Server, ok } from "../../../support/upstream/servers/h2-server.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

/** Long enough for many handshakes on a busy machine; the clock is put forward by it, and one test alone waits for it. */
const windowMs = 800;
const burst = Array.from({ length: 40 }, (_, index) => index);

/** A client, and an origin whose outage has just outlasted its window. */
async function down(
  origin: string,
  options: UpstreamOptions = {},
): Promise<{ upstream: Upstream; clock: SkewedClock }> {
  const clock = new SkewedClock();
  const upstream = outbound({ clock, retry: { unsentWindowMs: windowMs }, ...options });
  const retry = { unsentWindowMs: 0, retryOn: [] };
  await expect(upstream.request(origin, { retry })).rejects.toThrow("condition-not-listed");
  clock.skip(windowMs);
  return { upstream, clock };
}

const { key, cert } = certificate();

/** An HTTP/2 server behind a door, at a port that has just been down. */
async function behindDoor(
  options: UpstreamOptions,
  isOpen: boolean,
): Promise<{ origin: string; upstream: Upstream; clock: SkewedClock; door: Door }> {
  const before = await opened();
  await before.refuse();
  const origin = before.origin.replace("http:", "https:");
  const known = await down(origin, { allowH2: true, tls: { ca: cert }, ...options });
  const door = new Door((await h2Server({ key, cert }, ok)).origin, isOpen);
  await door.listen(before.port);
  return { origin, ...known, door };
}

test.each<[string, UpstreamOptions, (upstream: Upstream, url: string) => Promise<string>]>([
  ["POSTs", {}, posted],
  ["GETs", {}, got],
  ["POSTs on few connections", { connections: 2 }, posted],
])(
  "%s that come at the same time when the upstream is back are all served",
  async (_, options, ask) => {
    const server = await opened();
    await server.refuse();
    const { upstream } = await down(server.origin, options);
    await server.accept();
    const asked = burst.map(() => ask(upstream, server.origin));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["ok"]));
    expect(server.duplicates()).toEqual([]);
  },
);

test("concurrent calls over HTTP/2 are served as well", async () => {
  const { upstream, origin } = await behindDoor({}, true);
  const asked = burst.map(() => posted(upstream, origin));
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["ok"]));
});

test("waiting calls fail with the error of the probe as soon as it fails, while an upstream stays down", async () => {
  const server = await opened();
  await server.refuse();
  const { upstream } = await down(server.origin);
  const log = eventLog();
  const startedAtMs = performance.now();
  const errors = await Promise.all(
    burst.map(() => posted(upstream, server.origin).catch((error: unknown) => error)),
  );
  expect(performance.now() - startedAtMs).toBeLessThan(windowMs);
  for (const error of errors) {
    expect(error).toMatchObject({ delivery: "unsent", cause: { code: "ECONNREFUSED" } });
  }
  expect(log.starts).toHaveLength(1);
});

test("a limited number of calls waits while the probe hangs, each for the window or until its own deadline, and the rest fail immediately", async () => {
  const { upstream, origin } = await behindDoor({ maxWaitingForProbe: 3 }, false);
  const log = eventLog();
  const probe = got(upstream, origin).catch(() => {});
  const startedAtMs = performance.now();
  const took = async (totalTimeoutMs: number): Promise<[string, number]> => {
    const reason = await upstream
      .request(origin, { method: "POST", retry: { totalTimeoutMs } })
      .catch((error: { reason: string }) => error.reason);
    return [reason as string, performance.now() - startedAtMs];
  };
  const waited = await Promise.all([took(5000), took(5000), took(50), took(5000)]);
  expect(waited.map(([reason]) => reason)).toEqual([
    "attempts-exhausted",
    "attempts-exhausted",
    "deadline-exceeded",
    "attempts-exhausted",
  ]);
  const [first, , short, refused] = waited.map(([, ms]) => ms);
  expect(first).toBeGreaterThanOrEqual(windowMs);
  expect(short).toBeLessThan(windowMs);
  expect(refused).toBeLessThan(50);
  expect(log.starts).toHaveLength(1);
  await upstream.dispatcher.destroy();
  await probe;
});

test("one of the waiting calls probes when the probe is aborted, and all are served", async () => {
  const { upstream, origin, door } = await behindDoor({}, false);
  const controller = new AbortController();
  const probe = upstream.request(origin, { signal: controller.signal });
  const waiting = burst.map(() => posted(upstream, origin));
  await vi.waitFor(() => expect(door.connections).toBe(1), { interval: 2 });
  door.isOpen = true;
  controller.abort(new Error("left"));
  await expect(probe).rejects.toThrow("left");
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(["ok"]));
});

test("a probe that has hung for a whole window, from before the upstream recovered, holds no call back", async () => {
  const { upstream, origin, clock, door } = await behindDoor({}, false);
  const probe = got(upstream, origin).catch(() => {});
  await vi.waitFor(() => expect(door.connections).toBe(1), { interval: 2 });
  door.isOpen = true;
  clock.skip(windowMs);
  const asked = burst.map(() => posted(upstream, origin));
  expect(new Set(await Promise.all(asked))).toEqual(new Set(["ok"]));
  await upstream.dispatcher.destroy();
  await probe;
});
