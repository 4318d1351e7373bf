import { expect, test } from "vitest";

import { absent } from "../../support/missing-program.ts";
import { startNginx, type Change } from "./balancer.ts";
import { load, statuses } from "./load.ts";
import { losses, startFleet, under } from "./losses.ts";

const nginx = ["nginx", startNginx] as const;
const again = "proxy_next_upstream error timeout http_502 http_503 http_504;";
const byDefault: Change = [again, ""];

test.skipIf(absent("nginx")).each(losses)(
  "nginx loses no GET, and repeats no POST: %s",
  async (loss) => {
    const { gets, posts, doneTwice } = await under(loss, await startFleet(nginx));
    expect(statuses(gets)).toEqual({ 200: 100 });
    expect(doneTwice).toBe(0);
    const failed = posts.filter(({ status }) => status !== 200);
    expect(failed.length).toBeGreaterThan(10);
    if (loss === "instance hangs up") return;
    for (const { status, headers } of failed) {
      expect(status).toBe(500);
      if (loss !== "status 503") expect(headers["x-should-retry"]).toBe("false");
    }
  },
);

test.skipIf(absent("nginx"))("nginx loses GETs by default", async () => {
  const { gets } = await under("reset", await startFleet(nginx, byDefault));
  expect(statuses(gets)[502]).toBeGreaterThan(25);
});

test.skipIf(absent("nginx"))("nginx repeats POSTs with non_idempotent", async () => {
  const change: Change = [again, again.replace(";", " non_idempotent;")];
  const { doneTwice } = await under("instance hangs up", await startFleet(nginx, change));
  expect(doneTwice).toBeGreaterThan(10);
});

test
  .skipIf(absent("nginx"))
  .each<[string, ...Change[]]>([
    ["nginx sends to the instances as soon as their upstreams are back"],
    ["nginx without max_fails=0 does not", [" max_fails=0", "", 2]],
  ])("the statuses during and after an outage are as expected: %s", async (_, ...changes) => {
  const { balancer, instances } = await startFleet(nginx, ...changes);
  for (const { shop } of instances) shop.setFaults([{ fault: "reset" }]);
  expect(statuses(await load(balancer.origin, "GET", "/orders", 20))[200]).toBeUndefined();
  for (const { shop } of instances) shop.setFaults([]);
  const counts = statuses(await load(balancer.origin, "POST", "/orders", 40));
  if (changes.length === 0) expect(counts).toEqual({ 200: 40 });
  else expect(counts[502]).toBeGreaterThan(0);
});
