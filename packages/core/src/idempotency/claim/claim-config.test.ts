import { expect, test } from "vitest";

import { claimConfig } from "./claim-config.ts";
import { memoryStore } from "../store/memory-store.ts";

const store = memoryStore();

test("an absent option has its default", () => {
  expect(claimConfig({ store }, "idempotency")).toMatchObject({
    guarantee: "at-least-once",
    leaseMs: 30_000,
    retentionMs: 86_400_000,
    maxRunMs: 300_000,
    waitMs: 0,
    storeTimeoutMs: 2000,
  });
});

test.each<[string, object, string]>([
  ["no store", { store: undefined }, "idempotency.store"],
  [
    "half a store",
    { store: { claim: () => {} } },
    "idempotency.store must be an idempotency store, with a renew method",
  ],
  ["an unknown guarantee", { guarantee: "exactly-once" }, "idempotency.guarantee"],
  ["a lease too short for a second renewal", { leaseMs: 5999 }, "idempotency.leaseMs"],
  ["a retention shorter than its lease", { retentionMs: 29_999 }, "idempotency.retentionMs"],
  ["a time that no timer can wait", { maxRunMs: 2 ** 31 }, "idempotency.maxRunMs"],
  ["a negative time", { waitMs: -1 }, "idempotency.waitMs"],
  ["no time for the store", { storeTimeoutMs: 0 }, "idempotency.storeTimeoutMs"],
])("%s is refused, and the error names its path", (_name, options, message) => {
  expect(() => claimConfig({ store, ...options }, "idempotency")).toThrow(message);
});
