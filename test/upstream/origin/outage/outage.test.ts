import { UpstreamError } from "@reissue/upstream";
import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { SkewedClock } from "../../../support/clock/skewed-clock.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

test("a POST survives an upstream that refuses for less than the window", async () => {
  const server = await opened();
  const upstream = outbound();
  const log = eventLog();
  await server.refuse();
  // real time: the server is down for a while, for a client on the system clock
  setTimeout(() => void server.accept(), 150);
  expect(await posted(upstream, server.origin)).toBe("ok");
  expect(server.duplicates()).toEqual([]);
  expect(server.received).toBe(1);
  const failed = log.records.slice(0, -1);
  expect(failed.length).toBeGreaterThan(0);
  for (const { reused, idleMs, failure } of failed) {
    expect([reused, idleMs, failure?.delivery, failure?.kind]).toEqual([
      null,
      null,
      "unsent",
      "refused",
    ]);
  }
});

test("callers fail immediately once an upstream has been down for the window, and one at a time probes", async () => {
  const clock = new SkewedClock();
  const server = await opened();
  const upstream = outbound({ clock, retry: { unsentWindowMs: 200 } });
  await server.refuse();
  await expect(posted(upstream, server.origin)).rejects.toThrow(UpstreamError);
  const log = eventLog();
  const startedAt = performance.now();
  const errors = await Promise.all(
    Array.from({ length: 50 }, () => posted(upstream, server.origin).catch((error) => error)),
  );
  expect(performance.now() - startedAt).toBeLessThan(190);
  for (const error of errors as UpstreamError[]) {
    expect(error).toMatchObject({
      delivery: "unsent",
      reason: "attempts-exhausted",
      failure: { kind: "refused" },
    });
    expect((error.cause as { code?: string }).code).toBe("ECONNREFUSED");
  }
  expect(log.starts).toHaveLength(1);
  await server.accept();
  expect(await posted(upstream, server.origin)).toBe("ok");
  // Over: everybody is let through again.
  expect(await Promise.all([1, 2, 3].map(() => posted(upstream, server.origin)))).toEqual(
    Array.from({ length: 3 }, () => "ok"),
  );
});

test("an outage without recent attempts is forgotten, so that the next caller has a window", async () => {
  const clock = new SkewedClock();
  const server = await opened();
  const upstream = outbound({ clock, retry: { unsentWindowMs: 300 } });
  await server.refuse();
  await expect(posted(upstream, server.origin)).rejects.toThrow(UpstreamError);
  clock.skip(10_000);
  // real time: the server is down for a while, for a client on the system clock
  setTimeout(() => void server.accept(), 50);
  expect(await posted(upstream, server.origin)).toBe("ok");
});

test("pooled connections are still used while no new one can be opened", async () => {
  const server = await opened();
  const upstream = outbound({ retry: { unsentWindowMs: 50 } });
  await got(upstream, server.origin);
  await server.refuse();
  const both = [got(upstream, server.origin), posted(upstream, server.origin)];
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
  ]);
  expect(await posted(upstream, server.origin)).toBe("ok");
});
