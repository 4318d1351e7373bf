// @ts-check
// Writes the tables of docs/benchmarks.md from what the last runs left in results/; with --check it only says whether
// the page is stale.
import { readFileSync, writeFileSync } from "node:fs";

import { findingTable } from "./run/finding.js";
import { probeTable } from "./run/probes.js";
import { lastResult } from "./run/result.js";

const page = new URL("../docs/benchmarks.md", import.meta.url);
const written = readFileSync(page, "utf8");
const text = written.replaceAll(
  /(<!-- results of (\S+) -->\n).*?(<!-- end -->)/gs,
  (_, begin, name, end) => `${begin}\n${section(name)}\n\n${end}`,
);

if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (text !== written) {
  console.error("docs/benchmarks.md is stale: run npm --prefix bench run report");
  process.exitCode = 1;
}

function section(/** @type {string} */ name) {
  const { findings, probed, rounds, node, undici, date, cpu } = lastResult(name);
  const machine = `${cpu.count} × ${cpu.model}`;
  const origin = `${date.slice(0, 10)}, Node ${node.slice(1)}, undici ${undici}, ${machine}, ${rounds} rounds.`;
  const tables = [findingTable(findings), ...(probed === undefined ? [] : [probeTable(probed)])];
  return [...tables, origin].join("\n\n");
}
