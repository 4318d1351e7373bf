import assert from "node:assert/strict";

import type { AdapterCase } from "./adapter-case.ts";
import { serving, until } from "./keyed-service.ts";
import { storeWith } from "./store-with.ts";

const down = (): Promise<never> => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.9:6379"));
const silent = (): Promise<never> => new Promise(() => {});

/** The store's timeout in these cases, in ms. */
const storeTimeoutMs = 250;

/** Cases with a store that fails or does not respond, at either end of a run. */
export const storeFaultCases: readonly AdapterCase[] = [
  {
    name: "a store that is down at the claim: 503, and nothing runs",
    async run(harness) {
      const store = storeWith(harness.store, { claim: down });
      await serving(harness, { idempotency: { store } }, async (service) => {
        const refused = await service.post();
        assert.equal(refused.status, 503);
        assert.equal(refused.headers.get("retry-after"), "1");
        assert.equal(refused.headers.get("x-should-retry"), "true");
        assert.ok(!refused.text.includes("10.0.0.9"), "Its client learns where the store is");
        assert.equal(service.runs, 0);
        const events = service.messages.map(({ event, operation }) => [event, operation]);
        assert.deepEqual(events, [["store-failed", "claim"]]);
      });
    },
  },
  {
    name: "a store that is slow at the claim: 503 once storeTimeoutMs is over",
    async run(harness) {
      const store = storeWith(harness.store, { claim: silent });
      await serving(harness, { idempotency: { store, storeTimeoutMs } }, async (service) => {
        assert.equal((await service.post()).status, 503);
        assert.equal(service.runs, 0);
      });
    },
  },
  ...(["at-least-once", "at-most-once"] as const).flatMap((guarantee) =>
    [["is lost", down] as const, ["does not come", silent] as const].map(
      ([how, reply]): AdapterCase => ({
        name: `a claim whose reply ${how}, ${guarantee}: 503, and the key is free again`,
        async run(harness) {
          let isFirst = true;
          const store = storeWith(harness.store, {
            async claim(request) {
              const result = await harness.store.claim(request);
              if (!isFirst) return result;
              isFirst = false;
              return reply();
            },
          });
          const idempotency = { store, storeTimeoutMs, guarantee };
          await serving(harness, { idempotency }, async (service) => {
            assert.equal((await service.post()).status, 503);
            await until("the key is free", () => service.events.includes("released"));
            assert.equal((await service.post()).text, "done");
            assert.deepEqual([service.runs, service.messages[2]?.fence], [1, 1]);
          });
        },
      }),
    ),
  ),
  ...[["down", down] as const, ["slow", silent] as const].map(([how, complete]): AdapterCase => ({
    name: `a store that is ${how} at the end: the client gets its response`,
    async run(harness) {
      const store = storeWith(harness.store, { complete });
      await serving(harness, { idempotency: { store, storeTimeoutMs } }, async (service) => {
        const { status, text } = await service.post();
        assert.deepEqual([status, text], [200, "done"]);
        assert.equal((await service.post()).status, 409);
        assert.deepEqual(service.events, ["claimed", "store-failed", "in-flight"]);
      });
    },
  })),
];
