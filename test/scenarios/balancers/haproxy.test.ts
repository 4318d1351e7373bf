import { expect, test } from "vitest";

import { absent } from "../../support/missing-program.ts";
import { startHaproxy, type Change } from "./balancer.ts";
import { statuses } from "./load.ts";
import { losses, startFleet, under } from "./losses.ts";

const haproxy = ["haproxy", startHaproxy] as const;
const anything = "retry-on conn-failure empty-response junk-response response-timeout 502 503 504";
const saidSafe = "retry-on conn-failure 502 503 504";

test.skipIf(absent("haproxy")).each(losses)(
  "HAProxy loses no GET and no opted-in POST, and repeats no plain POST: %s",
  async (loss) => {
    const { gets, posts, confirmations, doneTwice } = await under(loss, await startFleet(haproxy));
    expect(statuses(gets)).toEqual({ 200: 100 });
    expect(doneTwice).toBe(0);
    const failed = posts.filter(({ status }) => status !== 200);
    expect(failed.length).toBeGreaterThan(10);
    // Nobody said whether these were done, so HAProxy may not send them again.
    if (loss === "instance hangs up") return;
    expect(statuses(confirmations)).toEqual({ 200: 40 });
    for (const { status, headers } of failed) {
      expect(status).toBe(500);
      if (loss !== "status 503") expect(headers["x-should-retry"]).toBe("false");
    }
  },
);

test.skipIf(absent("haproxy"))("HAProxy loses GETs by default", async () => {
  const changes: Change[] = [
    [anything, ""],
    [saidSafe, ""],
  ];
  const { gets } = await under("reset", await startFleet(haproxy, ...changes));
  expect(statuses(gets)[502]).toBeGreaterThan(25);
});

test.skipIf(absent("haproxy"))("HAProxy repeats POSTs if it sends anything again", async () => {
  const fleet = await startFleet(haproxy, [saidSafe, "retry-on all-retryable-errors"]);
  expect((await under("instance hangs up", fleet)).doneTwice).toBeGreaterThan(10);
});
