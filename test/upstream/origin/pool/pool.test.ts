import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

test("the most recently used connection is used first, so that the others may age", async () => {
  const server = await opened();
  const upstream = outbound();
  await Promise.all([got(upstream, server.origin), got(upstream, server.origin)]);
  expect(server.connections).toBe(2);
  for (let index = 0; index < 5; index += 1) await got(upstream, server.origin);
  expect(new Set(server.requests.slice(2).map(({ connection }) => connection)).size).toBe(1);
  expect(server.requests.at(-1)?.nth).toBe(6);
});

test("a POST takes a recently used connection, and leaves an older one to requests that may be resent", async () => {
  const clock = manualClock();
  const server = await opened();
  const upstream = outbound({ clock });
  await got(upstream, server.origin);
  await clock.advance(900);
  await posted(upstream, server.origin);
  expect(server.connections).toBe(1);
  await clock.advance(1100);
  await Promise.all([posted(upstream, server.origin), got(upstream, server.origin)]);
  expect(
    server.requests.slice(2).map(({ method, connection, nth }) => [method, connection, nth]),
  ).toEqual(
    expect.arrayContaining([
      ["POST", 2, 1],
      ["GET", 1, 3],
    ]),
  );
});

test.each([
  ["by its method", { method: "PUT" }],
  ["by its key", { method: "POST", headers: { "idempotency-key": "k" } }],
  ["by its call", { method: "POST", retry: { retryOn: ["reset"] } }],
] as const)("a retry-safe call %s may have a cold connection", async (_, options) => {
  const clock = manualClock();
  const server = await opened();
  const upstream = outbound({ clock });
  await got(upstream, server.origin);
  await clock.advance(1100);
  const { body } = await upstream.request(server.origin, { ...options, body: "abc" });
  await body.text();
  expect(server.connections).toBe(1);
});

test("a connection idle for longer than idleMs is never used", async () => {
  const clock = manualClock();
  const server = await opened();
  const upstream = outbound({ clock, idleMs: 3000 });
  await got(upstream, server.origin);
  await clock.advance(2900);
  await got(upstream, server.origin);
  expect(server.connections).toBe(1);
  await clock.advance(3100);
  await got(upstream, server.origin);
  expect(server.connections).toBe(2);
  await server.until(({ open }) => open === 1);
});

test("the longest idle connection makes room in a pool full of connections that a POST cannot use", async () => {
  const clock = manualClock();
  const server = await opened({
    respond: ({ path }) => ({ delayMs: path === "/coldest" ? 0 : 20 }),
  });
  const upstream = outbound({ connections: 2, clock });
  await Promise.all([
    got(upstream, `${server.origin}/coldest`),
    got(upstream, `${server.origin}/colder`),
  ]);
  const coldest = server.requests.find(({ path }) => path === "/coldest")?.connection;
  await clock.advance(1500);
  await posted(upstream, `${server.origin}/fresh`);
  await server.until(({ open }) => open === 2);
  await Promise.all([got(upstream, `${server.origin}/x`), got(upstream, `${server.origin}/y`)]);
  const after = server.requests.slice(2).map(({ connection }) => connection);
  expect(server.connections).toBe(3);
  expect(after).not.toContain(coldest);
});

test("a response that closes its connection costs the next caller nothing but a connection", async () => {
  const server = await opened({ respond: { headers: { connection: "close" } } });
  const upstream = outbound({ connections: 1 });
  const log = eventLog();
  await Promise.all([1, 2, 3].map(() => posted(upstream, server.origin)));
  await got(upstream, server.origin);
  expect(server.requests.map(({ nth }) => nth)).toEqual([1, 1, 1, 1]);
  expect(log.records.map(({ attempt, reused }) => [attempt, reused])).toEqual(
    Array.from({ length: 4 }, () => [1, false]),
  );
  expect(log.decisions).toEqual([]);
});
