import { setTimeout as pause } from "node:timers/promises";

import { faultyUpstream, manualClock } from "@reissue/testing";
import { createUpstream } from "@reissue/upstream";
import { expect, test } from "vitest";

import { AttemptLog } from "./trial/attempt-log.ts";

const sockets = 64;
const rounds = 5;

interface Cell {
  readonly how: "rst" | "fin";
  /** How long before 64 calls their sockets are killed, 0 in the same tick; null as the first of them arrives. */
  readonly aheadMs: number | null;
}

const cells: readonly Cell[] = [
  { how: "rst", aheadMs: 0 },
  { how: "fin", aheadMs: 0 },
  { how: "rst", aheadMs: 1 },
  { how: "fin", aheadMs: 1 },
  { how: "rst", aheadMs: 20 },
  { how: "fin", aheadMs: 20 },
  { how: "rst", aheadMs: null },
  { how: "fin", aheadMs: null },
];

test.each(cells)(
  "no GET of 64 fails if 64 idle sockets are killed by $how $aheadMs ms earlier",
  async (cell) => {
    for (let round = 0; round < rounds; round += 1) {
      const extra = await massClose(cell);
      expect(extra).toBeLessThanOrEqual(sockets);
      // Sockets that were told of it in time cost nothing.
      if (cell.aheadMs === 20) expect(extra).toBe(0);
      if (cell.aheadMs === null) expect(extra).toBeGreaterThan(0);
    }
  },
);

/** How many attempts 64 calls took beyond 64. */
async function massClose({ how, aheadMs }: Cell): Promise<number> {
  const upstream = await faultyUpstream({ respond: ({ id }) => ({ body: id, delayMs: 20 }) });
  // A busy machine would notice the deaths too late to call them stale, and the retry budget is for fewer.
  const client = createUpstream({ clock: manualClock() });
  const attempts = new AttemptLog(upstream.origin);
  const get = async (id: string): Promise<string> => {
    const headers = { "x-request-id": id };
    const { body } = await client.request(`${upstream.origin}/${id}`, { headers });
    return body.text();
  };
  const burst = async (name: string): Promise<void> => {
    const ids = Array.from({ length: sockets }, (_, index) => `${name} ${index}`);
    expect(await Promise.all(ids.map(get))).toEqual(ids);
  };
  await burst("warm");
  expect(upstream.open).toBe(sockets);
  if (aheadMs === null) upstream.script([{ fault: "kill-idle", with: how }]);
  else expect(upstream.killIdle({ with: how })).toBe(sockets);
  // real time: the close notice must get ahead of the requests by this much
  if (aheadMs !== null && aheadMs > 0) await pause(aheadMs);
  await burst("call");
  const extra = attempts.count - 2 * sockets;
  attempts.stop();
  await client.close();
  await upstream.close();
  return extra;
}
