import { manualClock } from "@reissue/testing";
import type { AttemptEvent, Upstream } from "@reissue/upstream";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { client } from "../../support/upstream/client.ts";
import { opened } from "../../testing/opened.ts";

/** A connection that came back more recently is spared for what cannot be resent. */
const settledMs = 5;

async function read(upstream: Upstream, url: string, init?: RequestInit): Promise<string> {
  return (await upstream(url, init)).text();
}

describe("upstream.stats()", () => {
  test("has no origin before the first call", () => {
    expect(client().stats()).toEqual({ origins: {} });
  });

  test("counts requests, resends by reason and healed races, and shows what the origin can afford", async () => {
    const server = await opened();
    const clock = manualClock();
    const upstream = client({ clock });
    await read(upstream, server.origin);
    server.script([{ fault: "reset" }]);
    await read(upstream, server.origin);
    await clock.advance(settledMs);
    server.script([{ fault: "reset" }]);
    await read(upstream, server.origin, { method: "POST" }).catch(() => {});
    expect(upstream.stats().origins).toEqual({
      [server.origin]: {
        connections: expect.any(Object),
        requests: 3,
        resends: { unsent: 0, "stale-socket": 1, reset: 0, timeout: 0, status: 0 },
        giveUps: expect.objectContaining({ "not-retry-safe": 1, "attempts-exhausted": 0 }),
        healed: 1,
        idleLimitMs: 4000,
        breaker: "closed",
        budgetLeft: 20,
        staleBudgetLeft: expect.any(Number),
      },
    });
  });

  test("is a snapshot, which later calls do not change", async () => {
    const server = await opened();
    const upstream = client();
    await read(upstream, server.origin);
    const before = upstream.stats();
    const copy = structuredClone(before);
    await read(upstream, server.origin);
    expect(before).toEqual(copy);
  });

  test("distinguishes idle connections, busy ones and waiting calls", async () => {
    const server = await opened();
    const upstream = client({ connections: 1 });
    const connections = (): unknown => upstream.stats().origins[server.origin]?.connections;
    server.script([{ fault: "slow", from: "body", everyMs: 20, chunkBytes: 1 }]);
    const calls = [read(upstream, server.origin), read(upstream, server.origin)];
    await vi.waitFor(() => expect(connections()).toEqual({ idle: 0, busy: 1, waiting: 1 }));
    await Promise.all(calls);
    expect(connections()).toEqual({ idle: 1, busy: 0, waiting: 0 });
  });

  test("shows the open breaker once connecting has failed for longer than the window", async () => {
    const server = await opened();
    await server.refuse();
    const upstream = client({ retry: { unsentWindowMs: 20 } });
    await expect(read(upstream, server.origin)).rejects.toThrow("refused");
    await expect(read(upstream, server.origin)).rejects.toThrow("refused");
    expect(upstream.stats().origins[server.origin]?.breaker).toBe("open");
    await server.accept();
    await read(upstream, server.origin);
    expect(upstream.stats().origins[server.origin]?.breaker).toBe("closed");
  });
});

describe("the events of a client", () => {
  async function heard(method: string): Promise<[string, AttemptEvent][]> {
    const server = await opened();
    const clock = manualClock();
    const upstream = client({ clock });
    const events: [string, AttemptEvent][] = [];
    for (const name of ["stale", "resend", "give-up"] as const) {
      upstream.on(name, (event) => events.push([name, event]));
    }
    await read(upstream, server.origin);
    await clock.advance(settledMs);
    server.script([{ fault: "reset" }]);
    await read(upstream, `${server.origin}/secret?token=1`, { method }).catch(() => {});
    expect(JSON.stringify(events)).not.toContain("secret");
    return events;
  }

  const stale = { attempt: 1, status: null, failure: { kind: "reset", delivery: "stale" } };

  test("report a stale connection, and then the resend", async () => {
    expect(await heard("GET")).toMatchObject([
      ["stale", { ...stale, method: "GET" }],
      ["resend", { ...stale, reason: "stale-socket", delayMs: 0, connection: "fresh" }],
    ]);
  });

  test("report a stale connection, and then that the request failed for good", async () => {
    expect(await heard("POST")).toMatchObject([
      ["stale", { ...stale, method: "POST" }],
      ["give-up", { ...stale, reason: "not-retry-safe" }],
    ]);
  });

  test("end for a listener that is removed", async () => {
    const server = await opened();
    const upstream = client({ clock: manualClock() });
    const listener = vi.fn();
    expect(upstream.on("resend", listener).off("resend", listener)).toBe(upstream);
    await read(upstream, server.origin);
    server.script([{ fault: "reset" }]);
    await read(upstream, server.origin);
    expect(listener).not.toHaveBeenCalled();
  });

  test("break no call if a listener throws: its error is an uncaught exception", async () => {
    const server = await opened();
    const upstream = client({ clock: manualClock() });
    const thrown: unknown[] = [];
    const listeners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => thrown.push(error));
    onTestFinished(() => {
      process.removeAllListeners("uncaughtException");
      for (const each of listeners) process.on("uncaughtException", each);
    });
    const own = new Error("of a listener");
    upstream.on("resend", () => {
      throw own;
    });
    await read(upstream, server.origin);
    server.script([{ fault: "reset" }]);
    expect(await read(upstream, server.origin)).toBe("ok");
    expect(thrown).toEqual([own]);
  });
});
