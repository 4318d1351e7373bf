import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { startPrometheus } from "../../support/programs/prometheus.ts";
import { exportedByOpenTelemetry, exportedByPromClient } from "../../support/telemetry/exported.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { opened } from "../../testing/opened.ts";
import { dashboard, ruleFiles } from "../ops-files.ts";

/** What Grafana puts in the place of its variables. */
const variables: readonly (readonly [RegExp, string])[] = [
  [/\$__rate_interval/g, "5m"],
  [/\$(job|server_address)\b/g, ".*"],
];

/** Starts Prometheus with the rules, on a process that has met one race. */
async function afterOneRace() {
  const targets = {
    opentelemetry: await exportedByOpenTelemetry(),
    prometheus: await exportedByPromClient(),
  };
  const prometheus = await startPrometheus(targets, ruleFiles);
  const orders = await opened();
  const upstream = outbound();
  await (await upstream(orders.origin)).text();
  orders.script([{ fault: "reset" }]);
  expect(await (await upstream(orders.origin)).text()).toBe("ok");
  await prometheus.scraped();
  const races = async (): Promise<unknown> =>
    (await prometheus.query("sum(origin:reissue_races:increase1h)"))[0]?.value[1];
  await expect.poll(races, { timeout: 20_000, interval: 200 }).toBe("2");
  return prometheus;
}

describe("Prometheus with the rules", () => {
  test("fires only the leading indicator after the only race of a process, and can evaluate the dashboard", async () => {
    const prometheus = await afterOneRace();
    const expected = new Set(
      ["opentelemetry", "prometheus"].map((job) => `${job}: ReissueKeepAliveRace`),
    );
    const firing = async (): Promise<unknown> => {
      const series = await prometheus.query(`ALERTS{alertstate="firing"}`);
      return new Set(series.map(({ metric }) => `${metric["job"]}: ${metric["alertname"]}`));
    };
    await expect.poll(firing, { timeout: 20_000, interval: 200 }).toEqual(expected);
    // real time: another alert would fire within the next evaluations, one a second
    await sleep(2000);
    expect(await firing()).toEqual(expected);
    for (const { title, targets = [] } of dashboard.panels) {
      for (const { expr } of targets) {
        const query = variables.reduce((text, [name, value]) => text.replace(name, value), expr);
        await expect(prometheus.query(query), title).resolves.toBeInstanceOf(Array);
      }
    }
  });
});
