import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { metricTable } from "@reissue/core/internal";
import { ReissueInstrumentation } from "@reissue/opentelemetry";
import { observeReissue } from "@reissue/prometheus";
import { Registry } from "prom-client";
import { describe, expect, onTestFinished, test } from "vitest";

import { freePort } from "../../support/free-port.ts";
import { listening } from "../../support/listen.ts";
import { accepting, startProgram, temporaryFolder } from "../../support/programs/program.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { opened } from "../../testing/opened.ts";
import { everyEvent } from "../../support/telemetry/every-event.ts";

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

/** Starts Debian's Prometheus, which scrapes targets every second, each as a job of its name; it ends with the test. */
async function startPrometheus(targets: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder();
  const port = await freePort();
  const config = join(folder, "prometheus.json");
  const jobs = Object.entries(targets).map(([name, origin]) => ({
    job_name: name,
    static_configs: [{ targets: [new URL(origin).host] }],
  }));
  // YAML includes JSON.
  await writeFile(
    config,
    JSON.stringify({ global: { scrape_interval: "1s" }, scrape_configs: jobs }),
  );
  const child = startProgram("prometheus", [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ]);
  await accepting(child, port);
  return {
    /** Waits until every target has been scraped since now, without an error. */
    async scraped(): Promise<void> {
      const since = Date.now();
      for (let tries = 0; tries < 100; tries += 1) {
        const { activeTargets } = await ask<{ activeTargets: Target[] }>("targets");
        const errors = activeTargets.map(({ lastError }) => lastError).filter(Boolean);
        expect(errors).toEqual([]);
        const fresh = activeTargets.filter(({ lastScrape }) => Date.parse(lastScrape) > since);
        if (fresh.length === jobs.length) return;
        // real time: Prometheus scrapes once a second
        await sleep(100);
      }
      throw new Error("Prometheus has not scraped in 10 s");
    },
    async query(query: string): Promise<readonly Series[]> {
      return (await ask<{ result: Series[] }>(`query?query=${encodeURIComponent(query)}`)).result;
    },
  };

  async function ask<Data>(path: string): Promise<Data> {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { data: Data; error?: string };
    expect(error).toBeUndefined();
    return data;
  }
}

interface Target {
  readonly lastScrape: string;
  readonly lastError: string;
}

/** Series as text, without what Prometheus itself puts on them. */
function told(series: readonly Series[]): string[] {
  return series
    .map(({ metric, value: [, value] }) => {
      const own = Object.entries(metric).filter(([label]) => !["job", "instance"].includes(label));
      return `${JSON.stringify(own.toSorted(([a], [b]) => (a < b ? -1 : 1)))} ${value}`;
    })
    .toSorted();
}

/** Exports the metrics by the OpenTelemetry SDK, on a port of its own. */
async function exportedByOpenTelemetry(): Promise<string> {
  const port = await freePort();
  const exporter = new PrometheusExporter({ host: "127.0.0.1", port, preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  await exporter.startServer();
  const instrumentation = new ReissueInstrumentation();
  instrumentation.setMeterProvider(provider);
  onTestFinished(async () => {
    instrumentation.disable();
    await provider.shutdown();
  });
  return `http://127.0.0.1:${port}`;
}

/** Exports the metrics by prom-client, on a port of its own. */
async function exportedByPromClient(): Promise<string> {
  const register = new Registry();
  const observed = observeReissue({ register });
  onTestFinished(() => observed.close());
  return await listening((_req, res) => {
    void register.metrics().then((text) => {
      res.setHeader("content-type", register.contentType);
      res.end(text);
    });
  });
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
