// Writes the tables of metrics and their labels in docs/observability.md from those that the packages create metrics by;
// with --check it only says whether the page is stale. Build first: it runs what packages/*/build hold.
import { readFileSync, writeFileSync } from "node:fs";

import { labelTable } from "../packages/core/build/metrics/label-table.js";
import { metricTable } from "../packages/core/build/metrics/metric-table.js";
import { prometheusLabel, prometheusName } from "../packages/core/build/metrics/prometheus-name.js";

/** @typedef {import("../packages/core/build/metrics/metric.js").MetricSpec} MetricSpec */

/** @type {Record<MetricSpec["type"], string>} */
const types = {
  counter: "counter",
  total: "counter",
  gauge: "gauge",
  minimum: "gauge",
  histogram: "histogram",
};

/** @type {Record<string, () => string>} */
const sections = { metrics, labels, buckets };

const page = new URL("../docs/observability.md", import.meta.url);
const written = readFileSync(page, "utf8");
const text = written.replaceAll(
  /(<!-- (metrics|labels|buckets) -->\n).*?(<!-- end -->)/gs,
  (_, begin, name, end) => `${begin}\n${sections[name]()}\n\n${end}`,
);

if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (text !== written) {
  console.error("docs/observability.md is stale: run node scripts/metrics.js");
  process.exitCode = 1;
}

function metrics() {
  const rows = Object.values(metricTable).map((spec) => [
    `\`${spec.name}\``,
    `\`${prometheusName(spec)}\``,
    types[spec.type],
    spec.unit,
    spec.labels.map((label) => `\`${label}\``).join(", ") || "none",
    spec.help,
  ]);
  return tableOf(["OpenTelemetry", "Prometheus", "type", "unit", "labels", "meaning"], rows);
}

function labels() {
  const rows = Object.entries(labelTable).map(([name, { help, values }]) => [
    `\`${name}\``,
    `\`${prometheusLabel(/** @type {keyof typeof labelTable} */ (name))}\``,
    values === null ? "" : values.map((value) => `\`${value}\``).join(", "),
    help,
  ]);
  return tableOf(["OpenTelemetry", "Prometheus", "values", "meaning"], rows);
}

function buckets() {
  const { buckets = [] } = metricTable.failureIdleSeconds;
  return `Upper bounds of the buckets, in seconds: ${buckets.join(", ")}.`;
}

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function tableOf(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
