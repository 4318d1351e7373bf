// @ts-check
import { percentile } from "@reissue/lab/internal";

import { calls } from "./load.js";

/**
 * One row for each client and call: what its callers saw, and what the upstream did.
 *
 * @param {import("./measure.js").Result[]} results
 * @param {Map<string, number>} effects - How often the upstream processed each request.
 */
export function table(results, effects) {
  const header = [
    "client",
    "call",
    "requests",
    "failed",
    "",
    "5xx",
    "done twice",
    "resends",
    "p50",
    "p99",
  ];
  const rows = results.flatMap(({ name, samples, resends }) =>
    calls.map((call, index) => {
      const own = samples.filter((sample) => sample.path === call.path);
      const failed = own.filter((sample) => sample.status >= 500);
      const times = own.map((sample) => sample.ms);
      const duration = (/** @type {number} */ share) =>
        `${(percentile(times, share) ?? 0).toFixed(0)} ms`;
      return [
        index === 0 ? name : "",
        call.name,
        own.length,
        failed.length,
        `${((100 * failed.length) / Math.max(own.length, 1)).toFixed(1)} %`,
        statuses(failed),
        // Reading twice does nothing twice.
        call.method === "GET"
          ? "–"
          : own.filter((sample) => (effects.get(sample.id) ?? 0) > 1).length,
        resends[call.path] ?? 0,
        duration(0.5),
        duration(0.99),
      ].map(String);
    }),
  );
  return aligned([header, ...rows]);
}

/**
 * @param {import("./load.js").Sample[]} failed
 */
function statuses(failed) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const { status } of failed) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(", ");
}

/**
 * @param {string[][]} rows
 */
function aligned(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join("  "),
  );
  const rule = "─".repeat(lines[0].length);
  const [header, ...body] = lines;
  const grouped = body.flatMap((line, index) =>
    index % calls.length === 0 ? [rule, line] : [line],
  );
  return [header, ...grouped].join("\n");
}
