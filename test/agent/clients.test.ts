import { spawnFaultyUpstream, type SpawnedUpstream } from "@reissue/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { agentWith } from "../support/agent/agents.ts";
import { deathsOnReuse, httpClients, isSupported, kinds } from "../support/agent/http-clients.ts";
import { runLoad } from "../support/agent/load.ts";

let upstream: SpawnedUpstream;

beforeAll(async () => {
  upstream = await spawnFaultyUpstream({
    respond: { body: "{}", headers: { "content-type": "application/json" } },
  });
});

beforeEach(async () => {
  await upstream.clear();
  await upstream.setFaults(deathsOnReuse);
});

afterAll(() => upstream.close());

describe.each(Object.entries(httpClients))("%s on connections that die", (_name, client) => {
  test.skipIf(!isSupported(client))(
    "loses no request that may be sent again, never repeats a plain POST, and sends no body short",
    async () => {
      const send = await client.open(agentWith());
      const load = { origin: upstream.origin, kinds: client.kinds ?? kinds, total: 160 };
      const { failed } = await runLoad(send, load);
      expect(failed.filter(({ kind }) => kind !== "POST")).toEqual([]);
      const requests = await upstream.requests();
      expect(requests.filter(({ fault }) => fault !== null).length).toBeGreaterThan(3);
      const duplicates = await upstream.duplicates();
      expect(duplicates.filter((id) => id.startsWith("POST "))).toEqual([]);
      const whole = requests.filter(({ id, processed }) => id.startsWith("PUT ") && processed);
      expect(whole.filter(({ bodyBytes }) => bodyBytes !== 3000)).toEqual([]);
    },
  );
});
