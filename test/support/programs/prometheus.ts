import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { expect } from "vitest";

import { freePort } from "../free-port.ts";
import { accepting, startProgram, temporaryFolder } from "./program.ts";

/** A series with its latest value. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

interface Target {
  readonly lastScrape: string;
  readonly lastError: string;
}

/**
 * Starts Debian's Prometheus, which scrapes targets every second, each as a job of its name, and evaluates rules as often;
 * it ends with the test.
 */
export async function startPrometheus(
  targets: Readonly<Record<string, string>>,
  ruleFiles: readonly string[] = [],
) {
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
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ruleFiles,
      scrape_configs: jobs,
    }),
  );
  const child = startProgram("prometheus", [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ]);
  await accepting(child, port);
  const ready = (): Promise<number> =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(({ status }) => status);
  await expect.poll(ready, { timeout: 20_000 }).toBe(200);
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
