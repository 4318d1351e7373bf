import { AsyncResource } from "node:async_hooks";

import { systemClock } from "@reissue/core";
import { expect, test } from "vitest";

import { originConfig } from "../config/origin-config.ts";
import type { Connection } from "./connection.ts";
import { ConnectBreaker, MisuseWarnings } from "@reissue/core/internal";
import { Pool } from "./pool.ts";
import type { Waiter } from "./waiter.ts";

const silent = new MisuseWarnings([]);

test("a connection that comes back before it was established leaves the pool empty, and its place free", () => {
  const origin = "http://127.0.0.1:9";
  const settings = originConfig({ connections: 1 }, {}, "");
  const pool = new Pool(origin, settings, systemClock, new ConnectBreaker(100), silent);
  const brought: unknown[] = [];
  const waiter = (): Waiter => ({
    context: new AsyncResource("test"),
    place: -1,
    preference: "any" as const,
    onConnection: (connection: Connection) => void brought.push(connection),
    onRefused: () => {},
    abort: () => {},
  });
  const found = pool.acquire(waiter(), 0) as Connection;
  expect(pool.acquire(waiter(), 0)).toBe("in-line");
  pool.returnUnused(found);
  expect(brought).toHaveLength(1);
  expect(brought[0]).not.toBe(found);
  pool.returnUnused(brought[0] as Connection);
  expect(pool.empty).toBe(true);
});

test.each(["fresh", "hot"] as const)(
  "a call that needs a %s connection and waits for a probe does not keep other calls from an idle one",
  (preference) => {
    const brought: string[] = [];
    const waiter = (name: string, needed: Waiter["preference"]): Waiter => ({
      context: new AsyncResource("test"),
      place: -1,
      preference: needed,
      onConnection: () => void brought.push(name),
      onRefused: () => {},
      abort: () => {},
    });
    const outage = new ConnectBreaker(100);
    const settings = originConfig({ unsafeIdleMs: 50 }, {}, "");
    const pool = new Pool(
      "http://127.0.0.1:9",
      settings,
      { ...systemClock, now: () => 200 },
      outage,
      silent,
    );
    const standing = pool.acquire(waiter("first", "any"), 0) as Connection;
    Object.defineProperty(standing, "open", { value: true });
    const prober = {};
    outage.onFailed(prober, new Error("refused"), 0, 0);
    outage.begin(prober, 150);
    expect(pool.acquire(waiter("held back", preference), 150)).toBe("for-probe");
    expect(pool.acquire(waiter("held back too", "fresh"), 150)).toBe("for-probe");
    expect(pool.acquire(waiter("any", "any"), 150)).toBe("for-probe");
    // Idle since 0, which is too long for one that cannot be resent.
    pool.returnUnused(standing);
    expect(brought).toEqual(["any"]);
  },
);
