import { setImmediate } from "node:timers/promises";

import { manualClock, type ManualClock } from "@reissue/testing";
import type { Upstream, UpstreamRequestOptions } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { eventLog, type EventLog } from "../../../support/upstream/event-log.ts";
import { outbound } from "../../../support/upstream/open-upstream.ts";
import { onHead, rawServer, type RawServer } from "../../../support/upstream/servers/raw-server.ts";

const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A manual clock that can also be put forward between two events of the loop. */
function jumpingClock(): ManualClock & { jump(ms: number): void } {
  const clock = manualClock();
  let aheadMs = 0;
  return Object.assign(Object.create(clock) as ManualClock, {
    now: () => clock.now() + aheadMs,
    jump: (ms: number) => void (aheadMs += ms),
  });
}

interface Setting {
  readonly clock: ReturnType<typeof jumpingClock>;
  readonly server: RawServer;
  readonly upstream: Upstream;
  readonly log: EventLog;
}

/** A server that lets the first connection die under its second request, `afterMs` after that has come. */
async function dying(
  afterMs: number,
  how: "destroy" | "resetAndDestroy" = "resetAndDestroy",
  answersAfterMs = 0,
): Promise<Setting> {
  const clock = jumpingClock();
  const server = await rawServer((socket, number) => {
    let served = 0;
    const serve = (): void => {
      served += 1;
      const dies = number === 1 && served === 2;
      clock.jump(dies ? afterMs : answersAfterMs);
      if (dies) socket[how]();
      else socket.write(answer);
      onHead(socket, serve);
    };
    onHead(socket, serve);
  });
  return { clock, server, upstream: outbound({ clock }), log: eventLog() };
}

async function ask(at: Setting, options?: UpstreamRequestOptions): Promise<string> {
  const { body } = await at.upstream.request(at.server.origin, options);
  return body.text();
}

/** The same, letting back-offs pass. */
async function asked(at: Setting, options?: UpstreamRequestOptions): Promise<string> {
  const call = { over: false };
  const answered = ask(at, options).finally(() => (call.over = true));
  answered.catch(() => {});
  for (let turn = 0; turn < 10_000 && !call.over; turn += 1) {
    const { nextMs } = at.clock;
    if (nextMs !== null && nextMs < 100) await at.clock.advance(nextMs);
    await setImmediate();
  }
  return answered;
}

const reasons = (at: Setting): string[] => at.log.decisions.map(({ decision }) => decision.reason);
const post = { method: "POST", body: "x" } as const;
const keyed = { ...post, headers: { "idempotency-key": '"a"' } } as const;

describe.each([
  ["GET", 60, "destroy", undefined],
  ["PUT", 3000, "resetAndDestroy", { method: "PUT", body: "x" }],
  ["POST with a key", 400, "resetAndDestroy", keyed],
] as const)("a warm connection dies under a %s, %d ms after the write (%s)", (...row) => {
  const [, afterMs, how, options] = row;

  test("leaves the request possibly processed, and it is resent as such", async () => {
    const at = await dying(afterMs, how);
    await ask(at);
    await at.clock.advance(25);
    expect(await asked(at, options)).toBe("ok");
    expect(at.log.records[1]).toMatchObject({
      reused: true,
      idleMs: 25,
      failure: { kind: "reset", delivery: "unknown" },
    });
    expect(at.log.decisions).toMatchObject([
      { decision: { action: "resend", reason: "reset", connection: "fresh" } },
    ]);
  });

  test("teaches nothing about idle connections", async () => {
    const at = await dying(afterMs, how);
    await ask(at);
    await at.clock.advance(25);
    await asked(at, options);
    for (let call = 0; call < 10; call += 1) {
      await at.clock.advance(60);
      await ask(at, call % 2 === 0 ? post : undefined);
    }
    expect(at.server.connections).toBe(2);
  });
});

test("the error of a POST without a key says that it may have been processed", async () => {
  const at = await dying(3000);
  await ask(at);
  await at.clock.advance(25);
  await expect(ask(at, post)).rejects.toMatchObject({
    delivery: "unknown",
    reason: "not-retry-safe",
  });
});

test.each([0, 50])("a death %d ms after the write counts as the race", async (afterMs) => {
  const at = await dying(afterMs);
  await ask(at);
  await at.clock.advance(25);
  expect(await ask(at)).toBe("ok");
  expect(at.log.decisions.map(({ decision }) => decision)).toEqual([
    { action: "resend", delayMs: 0, connection: "fresh", reason: "stale-socket" },
  ]);
});

describe("the window of the race", () => {
  test.each([
    ["connect and response take 100 ms, the death 150", 100, 100, 150, "stale-socket"],
    ["connect and response take 100 ms, the death 250", 100, 100, 250, "reset"],
    // The loop was held up while it connected.
    ["the connect takes 500 ms, the response none, the death 100", 500, 0, 100, "reset"],
    // The server works for long.
    ["the connect takes no time, the response 500 ms, the death 100", 0, 500, 100, "reset"],
    ["connect and response take 3 s, the death as long", 3000, 3000, 3000, "reset"],
  ])("grows with the round trip: %s", async (_, connectMs, answerMs, deathMs, reason) => {
    const at = await dying(deathMs, "resetAndDestroy", answerMs);
    const first = ask(at);
    at.clock.jump(connectMs);
    await first;
    await asked(at);
    expect(reasons(at)).toEqual([reason]);
  });
});

test("a blocked event loop does not make a late death an early one", async () => {
  // real time: the event loop itself is held up
  const server = await rawServer((socket, number) => {
    let served = 0;
    const serve = (): void => {
      served += 1;
      // real time: the reset comes after the request has been read
      if (number === 1 && served === 2) setTimeout(() => socket.resetAndDestroy(), 20);
      else socket.write(answer);
      onHead(socket, serve);
    };
    onHead(socket, serve);
  });
  const upstream = outbound();
  const log = eventLog();
  const get = async (): Promise<void> => (await upstream.request(server.origin)).body.dump();
  await get();
  const second = get();
  await server.until(({ received }) => received[0]?.split("GET").length === 3);
  const until = performance.now() + 80;
  // real time: the loop must stand still while the reset arrives
  while (performance.now() < until);
  await second;
  expect(log.records[1]).toMatchObject({ reused: true, failure: { delivery: "unknown" } });
});
