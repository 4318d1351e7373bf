import { createServer, type Server } from "node:net";

import type { Upstream } from "@reissue/upstream";
import { expect, onTestFinished, test } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { SkewedClock } from "../../../support/clock/skewed-clock.ts";
import { got, posted } from "../../../support/upstream/requests.ts";
import { eventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";

const windowMs = 60;

/** Waits until the outage of an upstream that refuses has lasted longer than the window. */
async function down(upstream: Upstream, origin: string): Promise<void> {
  await posted(upstream, origin).catch(() => {});
  // real time: the outage's window runs on the system clock here
  await new Promise((resolve) => setTimeout(resolve, windowMs));
}

/** A server that takes connections and never says a word; TLS to it hangs in the handshake. */
async function mute(port: number): Promise<Server> {
  const server = createServer((socket) => void socket.on("error", () => {}));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return server;
}

test("an aborted probe makes room for the next", async () => {
  const server = await opened();
  await server.refuse();
  const origin = server.origin.replace("http:", "https:");
  const upstream = outbound({ retry: { unsentWindowMs: windowMs } });
  await down(upstream, origin);
  await mute(server.port);
  const controller = new AbortController();
  const log = eventLog();
  const probe = upstream.request(origin, { signal: controller.signal });
  await expect(posted(upstream, origin)).rejects.toThrow("attempts-exhausted");
  expect(log.starts).toHaveLength(1);
  controller.abort(new Error("left"));
  await expect(probe).rejects.toThrow("left");
  const next = upstream.request(origin).catch(() => {});
  expect(log.starts).toHaveLength(2);
  await upstream.dispatcher.destroy();
  await next;
});

test("a probe whose body cannot be made makes room for the next", async () => {
  const server = await opened();
  const upstream = outbound({ retry: { unsentWindowMs: windowMs } });
  await server.refuse();
  await down(upstream, server.origin);
  await server.accept();
  const body = (): never => {
    throw new Error("no body");
  };
  await expect(upstream.request(server.origin, { method: "POST", body })).rejects.toThrow(
    "no body",
  );
  expect(await posted(upstream, server.origin)).toBe("ok");
});

test("a probe that undici refuses makes room for the next", async () => {
  const server = await opened();
  const upstream = outbound({ retry: { unsentWindowMs: windowMs } });
  await server.refuse();
  await down(upstream, server.origin);
  await server.accept();
  await expect(upstream.request(server.origin, { headers: { "bad name": "" } })).rejects.toThrow();
  expect(await posted(upstream, server.origin)).toBe("ok");
});

test("a probe that times out counts as one more failure", async () => {
  const server = await opened();
  await server.refuse();
  const origin = server.origin.replace("http:", "https:");
  const upstream = outbound({ connectTimeoutMs: 5000, retry: { unsentWindowMs: windowMs } });
  await down(upstream, origin);
  await mute(server.port);
  const log = eventLog();
  const retry = { attemptTimeoutMs: 50 };
  await expect(upstream.request(origin, { retry })).rejects.toMatchObject({ delivery: "unsent" });
  await expect(upstream.request(origin, { retry })).rejects.toMatchObject({ delivery: "unsent" });
  expect(log.starts).toHaveLength(2);
});

test("failures of attempts that began before the probe do not admit a second probe", async () => {
  const server = await opened();
  await server.refuse();
  const origin = server.origin.replace("http:", "https:");
  const unsentWindowMs = 300;
  const upstream = outbound({ connectTimeoutMs: 600, retry: { unsentWindowMs } });
  // Both hang in the handshake, one of them until after the outage has begun.
  await mute(server.port);
  const early = { attemptTimeoutMs: unsentWindowMs + 20 };
  const late = { attemptTimeoutMs: unsentWindowMs + 60 };
  const both = [early, late].map((retry) => upstream.request(origin, { retry }).catch(() => {}));
  await both[0];
  const log = eventLog();
  const probe = got(upstream, origin).catch(() => {});
  await both[1];
  await expect(posted(upstream, origin)).rejects.toThrow("attempts-exhausted");
  expect(log.starts).toHaveLength(1);
  await probe;
});

test("queued calls to an upstream that is down fail together, not one after the other", async () => {
  const server = await opened();
  await server.refuse();
  await mute(server.port);
  const origin = server.origin.replace("http:", "https:");
  const upstream = outbound({
    connections: 1,
    connectTimeoutMs: 150,
    retry: { unsentWindowMs: windowMs },
  });
  const startedAt = performance.now();
  const all = Array.from({ length: 6 }, () => posted(upstream, origin).catch(String));
  expect(new Set(await Promise.all(all))).toEqual(
    new Set([
      expect.stringMatching(/not established in time.*not sent again: attempts-exhausted$/),
    ]),
  );
  expect(performance.now() - startedAt).toBeLessThan(3000);
});

test("a probe whose turn in the queue comes after its deadline makes room for the next", async () => {
  const clock = new SkewedClock();
  const server = await opened();
  await server.refuse();
  const origin = server.origin.replace("http:", "https:");
  const upstream = outbound({ clock, connections: 1, retry: { unsentWindowMs: 1000 } });
  const once = upstream.request(origin, { retry: { unsentWindowMs: 0, retryOn: [] } });
  await expect(once).rejects.toThrow("condition-not-listed");
  await mute(server.port);
  const ahead = new AbortController();
  const first = upstream.request(origin, { signal: ahead.signal });
  const late = upstream.request(origin, { retry: { totalTimeoutMs: 500 } });
  // The process stood still, so that the timer of the one in line has not fired yet.
  clock.skip(1500);
  ahead.abort(new Error("left"));
  await expect(first).rejects.toThrow("left");
  await expect(late).rejects.toThrow("deadline-exceeded");
  const log = eventLog();
  const next = upstream.request(origin).catch(() => {});
  expect(log.starts).toHaveLength(1);
  await upstream.dispatcher.destroy();
  await next;
});
