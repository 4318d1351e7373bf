import { AsyncResource } from "node:async_hooks";

import { systemClock } from "@reissue/core";
import { expect, test } from "vitest";

import { originConfig } from "../config/origin-config.ts";
import type { Connection } from "./connection.ts";
import { ConnectBreaker } from "@reissue/core/internal";
import { Pool } from "./pool.ts";
import type { Waiter } from "./waiter.ts";

test("a connection that comes back before it stood leaves the pool empty, and its place free", () => {
  const origin = "http://127.0.0.1:9";
  const settings = originConfig({ connections: 1 }, {}, "");
  const pool = new Pool(origin, settings, systemClock, new ConnectBreaker(100));
  const brought: unknown[] = [];
  const waiter = (): Waiter => ({
    context: new AsyncResource("test"),
    place: -1,
    preference: "any" as const,
    onConnection: (connection: Connection) => void brought.push(connection),
    onRefused: () => {},
  });
  const found = pool.acquire(waiter(), 0) as Connection;
  expect(pool.acquire(waiter(), 0)).toBe("in-line");
  pool.returnUnused(found);
  expect(brought).toHaveLength(1);
  expect(brought[0]).not.toBe(found);
  pool.returnUnused(brought[0] as Connection);
  expect(pool.empty).toBe(true);
});
