import { PassThrough } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { systemClock, type Clock } from "@reissue/core";
import { seededRandom, type FaultRule } from "@reissue/testing";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { letters, sha256 } from "../../support/upstream/body-kinds.ts";
import { client } from "../../support/upstream/client.ts";

/** The real clock, and how many of its timers are set. */
class CountedClock implements Clock {
  readonly set = new Set<unknown>();
  now = systemClock.now;
  wallNow = systemClock.wallNow;
  random = systemClock.random;

  setTimeout(callback: () => void, delayMs: number): unknown {
    const timer = systemClock.setTimeout(() => {
      this.set.delete(timer);
      callback();
    }, delayMs);
    this.set.add(timer);
    return timer;
  }

  clearTimeout(timer: unknown): void {
    this.set.delete(timer);
    systemClock.clearTimeout(timer);
  }
}

const faults: FaultRule[] = [
  { fault: "reset", probability: 0.08 },
  { fault: "reset", at: "body-end", probability: 0.08 },
  { fault: "reset", when: "after-processing", probability: 0.04 },
  { fault: "end", probability: 0.06 },
  { fault: "hang", probability: 0.01 },
  { fault: "status", retryAfter: 0, probability: 0.06 },
  { fault: "cut-body", probability: 0.05 },
  { fault: "kill-idle", probability: 0.1 },
  { fault: "slow", everyMs: 2, chunkBytes: 32, probability: 0.05 },
];

const contents = [0, 1, 3000, 70_000, 200_000].map((size) => letters(size));

test("every call ends, no body is short and nothing is left over, whatever fails or aborts", async () => {
  const random = seededRandom(7);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const server = await opened({ faults, idleTimeoutMs: 60, seed: 3 });
  const clock = new CountedClock();
  const upstream = client({
    clock,
    connections: 8,
    bodies: { maxBytes: 150_000, maxBytesTotal: 400_000 },
    retry: {
      attemptTimeoutMs: 250,
      backOff: { baseMs: 8 },
      budget: { ratio: 1, minPerSecond: 100 },
    },
  });
  const sent = new Map<string, { readonly method: string; readonly sha256: string }>();
  const outcomes = { answered: 0, failed: 0 };

  async function call(id: string): Promise<void> {
    const method = pick(["GET", "POST", "PUT", "DELETE"]);
    const content = method === "GET" ? contents[0]! : pick(contents);
    sent.set(id, { method, sha256: sha256(content) });
    const stream = random() < 0.5;
    const chunk = 1 + Math.floor(random() * 60_000);
    function source(): PassThrough {
      const through = new PassThrough();
      void (async () => {
        for (let at = 0; at < content.length && !through.destroyed; at += chunk) {
          // real time: a source that is slow at random
          if (!through.write(content.subarray(at, at + chunk))) await setTimeout(random() * 4);
        }
        through.end();
      })();
      return through.on("error", () => {});
    }
    const body = content.length === 0 ? null : stream ? pick([source, source()]) : content;
    const signal = random() < 0.25 ? AbortSignal.timeout(Math.floor(random() * 40)) : null;
    const init = { method, body, signal, headers: { "x-request-id": id } };
    try {
      if (random() < 0.3) {
        await (await upstream(server.origin, { ...init, duplex: "half" } as object)).text();
      } else {
        await (await upstream.request(server.origin, init)).body.text();
      }
      outcomes.answered += 1;
    } catch {
      outcomes.failed += 1;
    }
  }

  let next = 0;
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      while (next < 1000) await call(`${next++}`);
    }),
  );
  expect(outcomes.answered).toBeGreaterThan(400);
  const short = server.requests
    .filter(({ processed, id, bodySha256 }) => processed && sent.get(id)?.sha256 !== bodySha256)
    .map(({ id, method, bodyBytes }) => ({ id, method, bodyBytes }));
  expect(short).toEqual([]);
  expect(server.duplicates().filter((id) => sent.get(id)?.method === "POST")).toEqual([]);
  await upstream.close();
  expect(clock.set.size).toBe(0);
  await server.until(({ open }) => open === 0);
});
