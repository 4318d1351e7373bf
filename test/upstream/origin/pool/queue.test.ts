import { setTimeout as delay } from "node:timers/promises";

import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

const paths = Array.from({ length: 40 }, (_, index) => `/${index}`);

test("requests beyond the limit are queued, and each knows the history of its connection", async () => {
  const server = await opened();
  const upstream = outbound({ connections: 1 });
  const log = eventLog();
  await Promise.all(
    paths.map((path, index) => (index % 2 === 0 ? got : posted)(upstream, server.origin + path)),
  );
  expect(server.connections).toBe(1);
  expect(server.requests.map(({ path, nth }) => [path, nth])).toEqual(
    paths.map((path, index) => [path, index + 1]),
  );
  expect(log.records.map(({ reused }) => reused)).toEqual(paths.map((_, index) => index > 0));
  const ages = log.records.slice(1).map(({ idleMs }) => idleMs);
  // From the end of one answer to the next request there is only a turn of the loop.
  expect(ages.every((age) => age !== null && age >= 0 && age < 500)).toBe(true);
  expect(log.records[0]?.idleMs).toBeNull();
});

test("a limit of several connections is used, never exceeded, and the order of arrival is kept", async () => {
  const server = await opened({ respond: { delayMs: 5 } });
  const upstream = outbound({ connections: 3 });
  const log = eventLog();
  await Promise.all(paths.map((path) => got(upstream, server.origin + path)));
  expect(server.connections).toBe(3);
  expect(log.starts.map(({ path }) => path)).toEqual(paths);
  for (const request of server.requests) {
    const record = log.ends.find(({ path }) => path === request.path)?.record;
    expect(record).toMatchObject({ reused: request.nth > 1, attempt: 1, failure: null });
  }
});

test.each([1, 3])(
  "a plain POST in line gets its turn among %d callers whose next GET follows at once",
  async (callers) => {
    const server = await opened();
    const upstream = outbound({ connections: 1 });
    const served = new AbortController();
    let gets = 0;
    const keepAsking = async (): Promise<void> => {
      for (; !served.signal.aborted && gets < 100; gets += 1) {
        await got(upstream, server.origin);
      }
    };
    const asking = Array.from({ length: callers }, keepAsking);
    await posted(upstream, server.origin);
    served.abort();
    await Promise.all(asking);
    expect(gets).toBeLessThan(20);
    expect(server.connections).toBe(1);
  },
);

test("an aborted waiter leaves the queue, and no other loses its place", async () => {
  const server = await opened({ respond: { delayMs: 30 } });
  const upstream = outbound({ connections: 1 });
  const controller = new AbortController();
  const first = got(upstream, `${server.origin}/first`);
  const aborted = upstream.request(`${server.origin}/aborted`, { signal: controller.signal });
  const last = got(upstream, `${server.origin}/last`);
  controller.abort(new Error("left"));
  await expect(aborted).rejects.toThrow("left");
  expect(await Promise.all([first, last])).toEqual(["ok", "ok"]);
  expect(server.requests.map(({ path }) => path)).toEqual(["/first", "/last"]);
});

test("queued calls continue on a fresh connection when the only one dies under its request", async () => {
  const server = await opened();
  const upstream = outbound({ connections: 1 });
  const log = eventLog();
  await got(upstream, `${server.origin}/warm`);
  server.script([{ fault: "reset" }]);
  const asked = ["/stale", "/next", "/last"].map((path) => got(upstream, server.origin + path));
  expect(await Promise.all(asked)).toEqual(["ok", "ok", "ok"]);
  const [, stale, ...rest] = server.requests;
  expect([stale?.path, stale?.nth]).toEqual(["/stale", 2]);
  expect(rest.find(({ path }) => path === "/stale")?.nth).toBe(1);
  expect(log.ends.find(({ path, attempt }) => path === "/stale" && attempt === 2)?.record).toEqual(
    expect.objectContaining({ reused: false, idleMs: null, status: 200 }),
  );
});

test("many queued requests that undici refuses cannot stop the queue", async () => {
  const server = await opened({ respond: { delayMs: 30 } });
  const upstream = outbound({ connections: 1 });
  const first = got(upstream, server.origin);
  const bad = Array.from({ length: 2000 }, () =>
    upstream.request(server.origin, { headers: { "x-bad": "a\nb" } }).catch(String),
  );
  const last = got(upstream, server.origin);
  const all = Promise.allSettled([first, last, ...bad]);
  // real time: a limit for calls that hang
  const settled = await Promise.race([all, delay(3000, null)]);
  const values = settled?.map((one) => (one.status === "fulfilled" ? one.value : one.reason));
  expect(values?.slice(0, 2)).toEqual(["ok", "ok"]);
  expect(new Set(values?.slice(2))).toEqual(
    new Set(["InvalidArgumentError: invalid x-bad header"]),
  );
});
