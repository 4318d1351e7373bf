import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { systemClock } from "@reissue/core";
import { spawnFaultyUpstream } from "@reissue/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { deathsOnReuse, httpClients, isSupported, kinds } from "../support/agent/http-clients.ts";
import { runLoad } from "../support/agent/load.ts";
import { isFullRun, times } from "../support/test-size.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** In the short form node:http alone: the others are in clients.test.ts. */
const chosen = Object.entries(httpClients).filter(([name]) => isFullRun || name === "http");

describe.each(chosen)("%s", (name, client) => {
  test.skipIf(!isSupported(client))(
    "keeps neither memory nor listeners, however many requests have died",
    async () => {
      const upstream = await spawnFaultyUpstream({
        faults: deathsOnReuse,
        maxRequests: 0,
        respond: { body: "{}", headers: { "content-type": "application/json" } },
      });
      onTestFinished(() => upstream.close());
      const agent = agentWith(isFullRun ? { clock: systemClock } : {});
      const send = await client.open(agent);
      const own = client.kinds ?? kinds;
      const run = (total: number) => runLoad(send, { origin: upstream.origin, kinds: own, total });
      await run(times(800, 2000));
      await upstream.clear();
      const before = heapBytes();
      const total = times(1600, 20_000);
      const { failed } = await run(total);
      const grown = heapBytes() - before;
      const safe = failed.filter(({ kind }) => kind !== "POST");
      const duplicates = (await upstream.duplicates()).filter((id) => id.startsWith("POST "));
      const listeners = Object.values(agent.freeSockets)
        .flat()
        .map((socket) => socket!.eventNames().length);
      if (isFullRun) {
        console.log(
          `${name}: ${total} requests, ${safe.length} failed that may be sent again, ` +
            `${failed.length - safe.length} plain POSTs failed, ${duplicates.length} done twice, ` +
            `heap ${(grown / 1024).toFixed(0)} KiB`,
        );
      }
      expect(safe).toEqual([]);
      expect(duplicates).toEqual([]);
      expect(Math.max(...listeners)).toBeLessThan(12);
      // A request that is kept holds 10 KB with its response.
      expect(grown / total).toBeLessThan(times(2000, 200));
    },
    times(30_000, 600_000),
  );
});

/** The heap after what nobody holds has been collected. */
function heapBytes(): number {
  for (let pass = 0; pass < 3; pass += 1) collect();
  return process.memoryUsage().heapUsed;
}
