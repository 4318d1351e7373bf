import { AsyncResource } from "node:async_hooks";

import { systemClock } from "@reissue/core";
import { expect, test } from "vitest";

import { originSettings } from "../config/origin-config.ts";
import type { Connection } from "./connection.ts";
import { Outage } from "@reissue/core/internal";
import { Pool } from "./pool.ts";
import type { Waiter } from "./waiter.ts";

test("a connection that comes back before it stood leaves the pool empty, and its place free", () => {
  const origin = "http://127.0.0.1:9";
  const settings = originSettings({ connections: 1 }, {}, "");
  const pool = new Pool(origin, settings, systemClock, new Outage(100));
  const brought: unknown[] = [];
  const waiter = (): Waiter => ({
    context: new AsyncResource("test"),
    place: -1,
    need: "any" as const,
    onConnection: (connection: Connection) => void brought.push(connection),
    onRefused: () => {},
  });
  const found = pool.acquire(waiter(), 0) as Connection;
  expect(pool.acquire(waiter(), 0)).toBe("in-line");
  pool.giveBack(found);
  expect(brought).toHaveLength(1);
  expect(brought[0]).not.toBe(found);
  pool.giveBack(brought[0] as Connection);
  expect(pool.empty).toBe(true);
});
