import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { labelTable, metricTable, prometheusName } from "@reissue/core/internal";
import { expect, test } from "vitest";

import { root } from "./markdown.ts";

test("the tables of docs/observability.md are those from which the metrics are created", () => {
  const script = join(root, "scripts/metrics.js");
  const { stderr, status } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("every label of a metric is described, and every described label is used", () => {
  const used = Object.values(metricTable).flatMap(({ labels }) => labels);
  expect(new Set(used)).toEqual(new Set(Object.keys(labelTable)));
});

test("no two metrics share a name", () => {
  const names = Object.values(metricTable).map(prometheusName);
  expect(new Set(names).size).toBe(names.length);
});
