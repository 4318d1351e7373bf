import { spawnFaultyUpstream } from "@reissue/testing";
import { createUpstream } from "@reissue/upstream";
import { expect, test } from "vitest";

import { upstreamError } from "./report/audit.ts";
import { openLoop } from "./trial/open-loop.ts";

const perSecond = 600;
const stormMs = 10_000;

test(
  "an upstream that resets everything sees 1.25 times the load, and is used again at once",
  { timeout: 60_000 },
  async ({ annotate, onTestFinished }) => {
    const upstream = await spawnFaultyUpstream();
    onTestFinished(() => upstream.close());
    const client = createUpstream();
    onTestFinished(() => client.close());
    const get = async (): Promise<string> => {
      const { body } = await client.request(`${upstream.origin}/`);
      return body.text();
    };
    // A healthy past must not be saved up for the storm.
    const calm = await openLoop(get, { perSecond, forMs: 2500 });
    expect(calm.failed).toEqual([]);

    await upstream.setFaults([{ fault: "reset" }]);
    const { heads: before } = await upstream.stats();
    const storm = await openLoop(get, { perSecond, forMs: stormMs });
    const { heads: after } = await upstream.stats();
    const load = (after - before) / storm.offered;
    await annotate(`${storm.offered} offered, ${after - before} seen: ${load.toFixed(3)}`);
    expect(storm.offered).toBeGreaterThan((stormMs / 1000) * 500);
    expect(storm.failed).toHaveLength(storm.offered);
    for (const error of storm.failed) {
      expect(upstreamError(error).reason).toMatch(/^(attempts|budget)-exhausted$/);
    }
    expect(load).toBeGreaterThan(1.1);
    expect(load).toBeLessThanOrEqual(1.25);

    await upstream.setFaults([]);
    for (let call = 0; call < 20; call += 1) expect(await get()).toBe("ok");
    const first = await upstream.stats();
    const recovered = await openLoop(get, { perSecond, forMs: 500 });
    expect(recovered.failed).toEqual([]);
    const last = await upstream.stats();
    expect(last.heads - first.heads, "no call was sent twice").toBe(recovered.offered);
  },
);
