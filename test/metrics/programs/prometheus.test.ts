import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { metricTable } from "@reissue/core/internal";
import { describe, expect, test } from "vitest";

import { startPrometheus, type Series } from "../../support/programs/prometheus.ts";
import { everyEvent } from "../../support/telemetry/every-event.ts";
import { exportedByOpenTelemetry, exportedByPromClient } from "../../support/telemetry/exported.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { opened } from "../../testing/opened.ts";

/** Series as text, without what Prometheus itself puts on them. */
function told(series: readonly Series[]): string[] {
  return series
    .map(({ metric, value: [, value] }) => {
      const own = Object.entries(metric).filter(([label]) => !["job", "instance"].includes(label));
      return `${JSON.stringify(own.toSorted(([a], [b]) => (a < b ? -1 : 1)))} ${value}`;
    })
    .toSorted();
}

describe("Prometheus", () => {
  test("scrapes the same series from both packages, and every metric", async () => {
    const prometheus = await startPrometheus({
      opentelemetry: await exportedByOpenTelemetry(),
      prometheus: await exportedByPromClient(),
    });
    await everyEvent();
    await prometheus.scraped();
    const [one, other] = await Promise.all([
      prometheus.query(`{__name__=~"reissue_.+", job="opentelemetry"}`),
      prometheus.query(`{__name__=~"reissue_.+", job="prometheus"}`),
    ]);
    expect(told(one)).toEqual(told(other));
    const names = one.map(({ metric }) => metric["__name__"]?.replace(/_(bucket|sum|count)$/, ""));
    expect(new Set(names).size).toBe(Object.keys(metricTable).length);
  });

  test("evaluates the expressions of docs/observability.md", async () => {
    const prometheus = await startPrometheus({ opentelemetry: await exportedByOpenTelemetry() });
    const orders = await opened();
    const upstream = outbound();
    // A counter appears with its first event, and rates begin with the second sample.
    for (let round = 0; round < 2; round += 1) {
      for (const method of ["GET", "POST"]) {
        await (await upstream(orders.origin)).text();
        orders.script([{ fault: "reset" }]);
        await upstream(orders.origin, { method }).then((response) => response.text(), String);
      }
      await (await upstream(orders.origin)).text();
      orders.killIdle();
      await prometheus.scraped();
    }
    const queries = await questions();
    expect(queries.length).toBeGreaterThan(2);
    for (const query of queries) {
      const [first] = await prometheus.query(query);
      expect(Number(first?.value[1]), query).toBeGreaterThanOrEqual(0);
    }
  });
});

/** Queries of the page, which stand in the second column of the table of questions. */
async function questions(): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, "../../../docs/observability.md"), "utf8");
  const [, table = ""] = page.split(/^\| question .*\| in PromQL .*$/m);
  const [rows = ""] = table.trimStart().split("\n\n");
  return [...rows.matchAll(/\| `(.+)`\s*\|$/gm)].map(([, query]) => String(query));
}
