import { faultyUpstream } from "@reissue/testing";
import { createUpstream } from "@reissue/upstream";
import { expect, test } from "vitest";

import { AttemptLog } from "./trial/attempt-log.ts";
import { upstreamError } from "./report/audit.ts";
import { openLoop } from "./trial/open-loop.ts";

/** The default of `unsentWindowMs`. */
const windowMs = 2000;
const perSecond = 200;

test("16 POSTs without a key are processed once each across a restart of 300 ms", async () => {
  const upstream = await faultyUpstream();
  const client = createUpstream();
  const post = async (id: string): Promise<string> => {
    const headers = { "x-request-id": id };
    const options = { method: "POST", headers, body: "once" } as const;
    const { body } = await client.request(upstream.origin, options);
    return body.text();
  };
  for (let round = 0; round < 3; round += 1) {
    expect(await post(`before ${round}`)).toBe("ok");
    const restarted = upstream.restart({ downMs: 300 });
    await upstream.until(({ open }) => open === 0);
    const startedAtMs = performance.now();
    const ids = Array.from({ length: 16 }, (_, index) => `${round} ${index}`);
    expect(await Promise.all(ids.map(post))).toEqual(ids.map(() => "ok"));
    expect(performance.now() - startedAtMs).toBeGreaterThan(200);
    for (const id of ids) expect(upstream.effects.get(id)).toBe(1);
    await restarted;
  }
  await client.close();
  await upstream.close();
});

test(
  "an upstream that stays down fails its callers at once after the first window",
  { timeout: 60_000 },
  async ({ annotate }) => {
    const upstream = await faultyUpstream();
    const client = createUpstream();
    const attempts = new AttemptLog(upstream.origin);
    const endsMs: number[] = [];
    const tookMs: number[] = [];
    let downAtMs = performance.now();
    const get = async (): Promise<string> => {
      const startedAtMs = performance.now();
      try {
        const { body } = await client.request(`${upstream.origin}/get`);
        return await body.text();
      } finally {
        endsMs.push(performance.now() - downAtMs);
        tookMs.push(performance.now() - startedAtMs);
      }
    };
    await upstream.refuse();
    downAtMs = performance.now();
    const first = await openLoop(get, { perSecond, forMs: windowMs });
    const lastEndMs = Math.max(...endsMs);
    // Who came last and waited for their own would end after two; a busy machine adds to the one.
    expect(lastEndMs, "nobody waits for a window of their own").toBeLessThan(1.8 * windowMs);

    const upTo = attempts.count;
    tookMs.length = 0;
    const later = await openLoop(get, { perSecond, forMs: 3000 });
    for (const error of [...first.failed, ...later.failed]) {
      const { delivery, reason } = upstreamError(error);
      expect([delivery, reason]).toEqual(["unsent", "attempts-exhausted"]);
    }
    expect(later.failed).toHaveLength(later.offered);
    expect(median(tookMs), "at once").toBeLessThan(50);
    expect(Math.max(...tookMs)).toBeLessThan(windowMs / 2);
    expect(later.maxUnderWay, "a pile").toBeLessThan((perSecond * windowMs) / 1000 / 2);
    const probes = attempts.all().slice(upTo);
    expect(atOnce(probes), "one call at a time probes").toBe(1);
    const numbers = [
      `first window: ${first.offered} calls, the last ended after ${Math.round(lastEndMs)} ms`,
      `then ${later.offered} of ${median(tookMs).toFixed(1)} ms, at most ${Math.max(...tookMs).toFixed(1)} ms`,
      `${later.maxUnderWay} under way, ${probes.length} probes`,
    ];
    await annotate(numbers.join("; "));

    await upstream.accept();
    expect(await get()).toBe("ok");
    const burst = await Promise.all(Array.from({ length: 64 }, get));
    expect(burst).toEqual(burst.map(() => "ok"));
    attempts.stop();
    await client.close();
    await upstream.close();
  },
);

/** How many of some spans of time overlapped at most. */
function atOnce(
  spans: readonly { readonly startedAtMs: number; readonly durationMs: number }[],
): number {
  return Math.max(
    ...spans.map(
      ({ startedAtMs: at }) =>
        spans.filter(
          ({ startedAtMs, durationMs }) => startedAtMs <= at && at < startedAtMs + durationMs,
        ).length,
    ),
  );
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? 0;
}
