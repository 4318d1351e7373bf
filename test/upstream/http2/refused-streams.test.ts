import { constants, type ServerHttp2Stream } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";

import { systemClock } from "@reissue/core";
import type { UpstreamOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { got, posted } from "../../support/upstream/requests.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { contextLog } from "../../support/upstream/context-log.ts";
import { eventLog } from "../../support/upstream/event-log.ts";
import { h2Server, ok } from "../../support/upstream/servers/h2-server.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { undiciMajor } from "../../support/upstream/undici-major.ts";
import { AsyncLocalStorage } from "node:async_hooks";

const own = certificate();
/** On a busy machine opening many connections takes longer than one may be idle before a POST. */
const h2: UpstreamOptions = {
  allowH2: true,
  tls: { ca: own.cert },
  idleMs: 60_000,
  unsafeIdleMs: 60_000,
};
/** Undici 8 sends a refused request a second time itself. */
const sendsPerAttempt = undiciMajor === 8 ? 2 : 1;
const calls = Array.from({ length: 40 }, (_, index) => index);

function refuse(stream: ServerHttp2Stream): void {
  stream.close(constants.NGHTTP2_REFUSED_STREAM);
}

describe.each([
  ["GETs", got],
  ["POSTs", posted],
])("%s that come together", (_, ask) => {
  test("are sent little more than once each if all are refused, on one connection each", async () => {
    // The first ones open the connections, which takes its time.
    const server = await h2Server(own, (stream, number) => {
      // real time: the other calls must have been sent meanwhile
      if (number <= calls.length) setTimeout(() => ok(stream), 50);
      else refuse(stream);
    });
    // Not drawn: a run of short delays would send more often than the pace allows on average.
    const clock = { ...systemClock, random: () => 0.5 };
    const upstream = outbound({ ...h2, clock, retry: { unsentWindowMs: 800 } });
    await Promise.all(calls.map(() => got(upstream, server.origin)));
    const errors = await Promise.all(
      calls.map(() => ask(upstream, server.origin).catch((error: unknown) => error)),
    );
    for (const error of errors) {
      expect(error).toMatchObject({
        delivery: "unsent",
        reason: "attempts-exhausted",
        failure: { kind: "refused-stream" },
      });
    }
    const sends = (server.heads.length - calls.length) / sendsPerAttempt;
    expect(sends).toBeGreaterThan(calls.length);
    expect(sends).toBeLessThan(calls.length * 1.8);
    expect(server.sessions.length).toBeLessThanOrEqual(calls.length);
  });

  test("are all served after they have been refused for a while", async () => {
    let refuses = true;
    let done = 0;
    const server = await h2Server(own, (stream) => {
      if (refuses) return refuse(stream);
      done += 1;
      ok(stream);
    });
    const upstream = outbound(h2);
    const asked = calls.map(() => ask(upstream, server.origin));
    await delay(300); // real time: the refusals come over sockets
    refuses = false;
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["ok"]));
    expect(done).toBe(calls.length);
    expect(server.heads.length).toBeLessThan(calls.length * 2.5 * sendsPerAttempt);
    expect(server.sessions.length).toBeLessThanOrEqual(calls.length);
  });

  test("are all served by an upstream that accepts few at a time", async () => {
    let underWay = 0;
    const server = await h2Server(own, (stream) => {
      if (underWay === 5) return refuse(stream);
      underWay += 1;
      // real time: the streams must overlap
      setTimeout(() => {
        underWay -= 1;
        ok(stream);
      }, 5);
    });
    const upstream = outbound({ ...h2, retry: { unsentWindowMs: 10_000 } });
    const asked = calls.map(() => ask(upstream, server.origin));
    expect(new Set(await Promise.all(asked))).toEqual(new Set(["ok"]));
    expect(server.heads.length).toBeLessThan(calls.length * 5 * sendsPerAttempt);
  });
});

test("a refusal costs no connection, and the resend is sent in the context of its caller", async () => {
  const caller = new AsyncLocalStorage<string>();
  const server = await h2Server(own, (stream, number) => {
    if (number > 1 && number < 5) refuse(stream);
    else ok(stream);
  });
  const upstream = outbound(h2);
  await caller.run("opener", () => got(upstream, server.origin));
  const log = contextLog(caller);
  const text = await caller.run("user-1", () => posted(upstream, `${server.origin}/user-1`));
  expect(text).toBe("ok");
  expect(log.foreign).toEqual([]);
  expect(server.heads).toHaveLength(5);
  expect(server.sessions).toHaveLength(1);
});

test("calls that wait after a refusal end at their deadline, or when they are aborted", async () => {
  const server = await h2Server(own, (stream, number) =>
    number === 1 ? ok(stream) : refuse(stream),
  );
  const upstream = outbound({ ...h2, connections: 1, retry: { unsentWindowMs: 5000 } });
  await got(upstream, server.origin);
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = upstream.request(server.origin, { signal });
  const late = upstream.request(server.origin, { retry: { totalTimeoutMs: 300 } });
  aborted.catch(() => {});
  await expect(late).rejects.toMatchObject({ reason: "deadline-exceeded", delivery: "unsent" });
  controller.abort(new Error("left"));
  await expect(aborted).rejects.toThrow("left");
});

test("a refused request is resent without a window by `retryOn`, within attempts and budget", async () => {
  const server = await h2Server(own, refuse);
  const upstream = outbound({ ...h2, retry: { unsentWindowMs: 0 } });
  const log = eventLog();
  await expect(got(upstream, server.origin)).rejects.toMatchObject({
    reason: "attempts-exhausted",
  });
  expect(log.starts).toHaveLength(3);
});
