import { describe, expect, test } from "vitest";

import type { RaceCall } from "../contender/race-call.ts";
import type { SocketEvent } from "../sockets/socket-event.ts";
import { raceLayout } from "./race-layout.ts";
import { raceTimeline } from "./timeline.ts";

const [old, fresh] = [41_000, 42_000];
const id = "reissue-7-3";

function client(port: number, atMs: number, kind: SocketEvent["kind"], more = {}): SocketEvent {
  return { side: "client", kind, port, atMs, ...more };
}

function upstream(port: number, atMs: number, kind: SocketEvent["kind"], more = {}): SocketEvent {
  return { side: "upstream", kind, port, atMs, ...more };
}

/** The race itself: FIN sent at 1000.0, request written at 1000.1, FIN read at 1000.3, and a resend. */
const call: RaceCall = {
  contender: "reissue",
  id,
  method: "POST",
  keyed: true,
  events: [
    client(old, 800, "open"),
    client(old, 899, "write", { requestId: "reissue-6-0", nth: 4 }),
    client(old, 1000.1, "write", { requestId: id, nth: 5 }),
    client(old, 1000.3, "peer-fin"),
    client(fresh, 1000.8, "open"),
    client(fresh, 1001, "write", { requestId: id, nth: 1 }),
    client(fresh, 1100, "write", { requestId: "reissue-8-1", nth: 2 }),
  ],
  decisions: [
    {
      atMs: 1000.4,
      action: "resend",
      reason: "stale-socket",
      delivery: "stale",
      delayMs: 0,
      isFresh: true,
    },
  ],
  endedAtMs: 1002.5,
  status: 200,
  error: null,
};

const seen: SocketEvent[] = [
  upstream(old, 899.5, "read", { requestId: "reissue-6-0", nth: 4 }),
  upstream(old, 900, "write"),
  upstream(old, 1000, "fin"),
  upstream(old, 1000.2, "read", { requestId: id, nth: 5 }),
  upstream(old, 1000.25, "rst"),
  upstream(fresh, 1001.4, "read", { requestId: id, nth: 1 }),
  upstream(fresh, 1001.6, "write"),
  upstream(fresh, 1100.2, "read", { requestId: "reissue-8-1", nth: 2 }),
];

const race = raceTimeline(call, seen, 1)!;

describe("raceTimeline", () => {
  test("knows both sockets, and how long the first was idle", () => {
    expect(race.sockets).toEqual([
      { port: old, servedBefore: 4, idleMs: expect.closeTo(100.1, 6) },
      { port: fresh, servedBefore: 0, idleMs: null },
    ]);
    expect(race).toMatchObject({ processed: 1, isLost: false });
  });

  test("has every step in order, on one clock that begins with the first write", () => {
    const steps = race.steps.map(({ kind, socket, fromMs, toMs }) => [
      kind,
      socket,
      Number(fromMs.toFixed(2)),
      toMs === null ? null : Number(toMs.toFixed(2)),
    ]);
    expect(steps).toEqual([
      ["fin", 0, -0.1, 0.2],
      ["request", 0, 0, 0.1],
      ["rst", 0, 0.15, null],
      ["decision", null, 0.3, null],
      ["connect", 1, 0.7, null],
      ["request", 1, 0.9, 1.3],
      ["response", 1, 1.5, 2.4],
      ["end", null, 2.4, null],
    ]);
  });

  test("says which packets crossed", () => {
    const texts = race.steps.map(({ text }) => text);
    expect(texts[0]).toBe("The upstream closes the connection: its FIN crosses the request");
    expect(texts[1]).toBe("POST is written, and arrives on a connection that is closed");
    expect(texts[2]).toBe("RST, since bytes came after the FIN");
    expect(texts[3]).toBe(
      "Reissue decides (stale): send again at once, on a fresh connection: stale-socket",
    );
  });

  test("ends with the error of a call that is lost", () => {
    const lost = { ...call, events: call.events.slice(0, 4), status: null, error: "ECONNRESET" };
    const timeline = raceTimeline(lost, seen, 0)!;
    expect(timeline.isLost).toBe(true);
    expect(timeline.sockets).toHaveLength(1);
    expect(timeline.steps.at(-1)?.text).toBe("The caller gets an error: ECONNRESET");
  });

  test("is not drawn without the first write", () => {
    expect(raceTimeline({ ...call, events: [] }, seen, 1)).toBeNull();
  });
});

describe("raceLayout", () => {
  const { steps, sockets, height } = raceLayout(race, 400);

  test("lets time run down", () => {
    const heights = steps.map(({ from }) => from.y);
    expect(heights).toEqual(heights.toSorted((one, other) => one - other));
    for (const { from, to } of steps) {
      if (to !== null) expect(to.y).toBeGreaterThan(from.y);
      expect(Math.max(from.y, to?.y ?? 0)).toBeLessThan(height);
    }
  });

  test("lets the arrows of FIN and request cross", () => {
    const [fin, request] = steps;
    expect(fin!.from.x).toBe(request!.to!.x);
    expect(fin!.from.y).toBeLessThan(request!.to!.y);
    expect(request!.from.y).toBeLessThan(fin!.to!.y);
  });

  test("keeps each socket in its own part of the width", () => {
    expect(sockets[0]!.upstreamX).toBeLessThan(sockets[1]!.clientX);
    expect(sockets[1]!.upstreamX).toBeLessThan(400);
  });
});
