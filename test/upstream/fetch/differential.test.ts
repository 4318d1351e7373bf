import { seededRandom } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { client } from "../../support/upstream/client.ts";
import { fetchOutcome } from "./fetch-outcome.ts";
import { generatedCall } from "./generated-call.ts";
import { comparable, lostItsAbort } from "./named-differences.ts";
import { varietyServer } from "./variety-server.ts";

describe("upstream() beside the fetch of the platform", () => {
  test("gives the same results for 1,000 generated calls, except for the differences in docs/fetch.md", async () => {
    const server = await varietyServer();
    const upstream = client({ retry: { retryOn: [] } });
    const random = seededRandom(16);
    const calls = Array.from({ length: 1000 }, (_, number) =>
      generatedCall(number, server.origin, random),
    );
    const different: unknown[] = [];
    let next = 0;
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        while (next < calls.length) {
          const number = next++;
          const call = calls[number]!;
          const both = [
            await fetchOutcome(fetch, call, server, `${number}`),
            await fetchOutcome(upstream, call, server, `${number}`),
          ] as const;
          if (call.aborts !== null && both.some(lostItsAbort)) continue;
          const [theirs, ours] = both.map((outcome) => comparable(call, outcome));
          try {
            expect(ours).toEqual(theirs);
          } catch {
            different.push({ number, call: call.name, theirs, ours });
          }
        }
      }),
    );
    expect(different).toEqual([]);
  }, 60_000);
});
