import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import type { AdapterCall, AdapterCase } from "./adapter-case.ts";
import { serving, until } from "./keyed-service.ts";

/** What a run's key is left in where it does not end with an answer to whoever asked. */
export const unfinishedCases: readonly AdapterCase[] = [
  {
    name: "an error of the service's frees its key",
    async run(harness) {
      await serving(harness, { run: failing(new Error("a bug")) }, async (service) => {
        const answers = [await service.post(), await service.post(), await service.post()];
        assert.deepEqual(
          answers.map(({ status }) => status),
          [500, 200, 200],
        );
        assert.equal(service.runs, 2);
      });
    },
  },
  {
    name: "a failure of its upstream is retryable, since its key is deduplicated",
    async run(harness) {
      const reset = { code: "ECONNRESET", syscall: "read" };
      const run = failing(Object.assign(new Error("read ECONNRESET"), reset));
      await serving(harness, { run }, async (service) => {
        const failed = await service.post();
        assert.deepEqual([failed.status, failed.headers.get("x-should-retry")], [502, "true"]);
        assert.equal((await service.post()).status, 200);
      });
    },
  },
  {
    name: "a client that left gets its answer when it comes again",
    async run(harness) {
      const run = async ({ response }: AdapterCall): Promise<string> => {
        await closed(response);
        // The framework has seen it too by then.
        await sleep(50);
        return "done";
      };
      await serving(harness, { run }, async (service) => {
        await service.leave();
        await until("its answer is kept", () => service.events.includes("completed"));
        const { status, replayed, text } = await service.post();
        assert.deepEqual([status, replayed, text], [200, true, "done"]);
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a handler that never answers holds its key for maxRunMs and a lease",
    async run(harness) {
      await serving(harness, { run: leftOnce, idempotency: brief }, async (service) => {
        await service.leave();
        assert.equal((await service.post()).status, 409);
        await until("its lease is over", async () => (await service.post()).status === 200);
        assert.equal(service.runs, 2);
      });
    },
  },
  {
    name: "a handler that never answers ends its key where that may run once only",
    async run(harness) {
      const idempotency = { ...brief, guarantee: "at-most-once" } as const;
      await serving(harness, { run: leftOnce, idempotency }, async (service) => {
        await service.leave();
        const shouldRetry = async (): Promise<string | null> => {
          const { status, headers } = await service.post();
          assert.equal(status, 409);
          return headers.get("x-should-retry");
        };
        assert.equal(await shouldRetry(), "true");
        await until("its lease is over", async () => (await shouldRetry()) === "false");
        assert.equal(service.events.at(-1), "outcome-unknown");
        assert.equal(service.runs, 1);
      });
    },
  },
  {
    name: "a route that answered for its handler leaves the key to its lease",
    async run(harness) {
      let answer = (): void => {};
      const answered = new Promise<void>((resolve) => (answer = resolve));
      let isDone = false;
      const run = async (): Promise<string> => {
        await answered;
        isDone = true;
        return "late";
      };
      await serving(harness, { run, route: { timeoutMs: 250 } }, async (service) => {
        try {
          const late = await service.post();
          assert.deepEqual([late.status, late.headers.get("x-should-retry")], [504, "true"]);
          assert.equal((await service.post()).status, 409);
          assert.deepEqual(service.events, ["claimed", "abandoned", "in-flight"]);
        } finally {
          answer();
        }
        await until("its handler is done", () => isDone);
        await sleep(50);
        assert.equal((await service.post()).status, 409);
        assert.equal(service.runs, 1);
      });
    },
  },
];

/** A claim that is over in less than a second, and is never renewed. */
const brief = { storeTimeoutMs: 250, leaseMs: 750, maxRunMs: 0 };

/** Throws the first time. */
function failing(error: Error): (call: AdapterCall, number: number) => string {
  return (_call, number) => {
    if (number === 1) throw error;
    return "done";
  };
}

/** Never answers the first time. */
async function leftOnce({ response }: AdapterCall, number: number): Promise<string | null> {
  if (number > 1) return "done";
  await closed(response);
  return null;
}

async function closed(response: AdapterCall["response"]): Promise<void> {
  await once(response, "close", { signal: AbortSignal.timeout(10_000) });
}
