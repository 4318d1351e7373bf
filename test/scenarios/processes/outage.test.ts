import { setTimeout as sleep } from "node:timers/promises";

import { Agent } from "undici";
import { expect, onTestFinished, test } from "vitest";

import { stores } from "./backends.ts";
import { opened } from "./effects.ts";
import { pay } from "./pay.ts";
import { started } from "./process.ts";

const storeTimeoutMs = 1000;

test.each(stores)(
  "%s restarts under load: a request that cannot be claimed gets a 503, nothing hangs, and the service goes on",
  async (store, open) => {
    const effects = await opened();
    const { url, restart } = await open();
    const limits = { storeTimeoutMs, leaseMs: 3 * storeTimeoutMs };
    const service = await started({ store, url, effects: effects.origin, ...limits });
    const agent = new Agent({ connections: 8 });
    onTestFinished(() => agent.destroy());

    const over = new AbortController();
    let number = 0;
    const seen = new Map<number, number>();
    let slowestMs = 0;
    const payOn = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const key = `key-${(number += 1)}`;
        let status = 0;
        for (let tries = 0; status !== 201 && tries < 100; tries += 1) {
          const askedAtMs = performance.now();
          ({ status } = await pay(agent, service.origin, key));
          slowestMs = Math.max(slowestMs, performance.now() - askedAtMs);
          seen.set(status, (seen.get(status) ?? 0) + 1);
          // real time: the service in another process recovers by its own clock
          if (status !== 201) await sleep(50);
        }
        expect(status).toBe(201);
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, payOn));
    for (const _ of [1, 2]) {
      // real time: load before each restart
      await sleep(300);
      await restart();
    }
    // real time: load after the last restart
    await sleep(300);
    over.abort();
    await load;

    // 409 is a claim that nobody could complete, until its lease is over.
    for (const status of seen.keys()) expect([201, 409, 503]).toContain(status);
    expect(seen.get(503)).toBeGreaterThan(0);
    // A claim and a completion, each within its time, and what a busy machine takes.
    expect(slowestMs).toBeLessThan(2 * storeTimeoutMs + 3000);
    expect(service.ended()).toBe(false);
    expect((await pay(agent, service.origin, "last-key")).status).toBe(201);
  },
  60_000,
);
