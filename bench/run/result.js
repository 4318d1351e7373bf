// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";

import { findingTable } from "./finding.js";
import { probeTable } from "./probes.js";
import { quick } from "./quick.js";

/**
 * What a bench measured, and of whom: a file under results/.
 *
 * @typedef {object} Result
 * @property {string} command
 * @property {string} node
 * @property {string} undici
 * @property {string} date
 * @property {{ model: string, count: number }} cpu
 * @property {number} rounds
 * @property {Record<string, Record<string, number>>} medians - Of each contender, by measure.
 * @property {import("./finding.js").Finding[]} findings
 * @property {import("./probes.js").Probe[]} [probed]
 */

/**
 * Prints what was found and, unless the run was a quick one, writes it to results/.
 *
 * @param {string} name - The script's.
 * @param {Pick<Result, "rounds" | "medians" | "findings" | "probed">} measured
 */
export function publish(name, { rounds, medians, findings, probed }) {
  console.log(`\n${findingTable(findings)}`);
  if (probed !== undefined) console.log(`\n${probeTable(probed)}`);
  if (quick) return console.log("\nA quick run: nothing is written, and nothing is proven.");
  /** @type {Result} */
  const result = {
    command: `npm --prefix bench run ${name}`,
    ...machine(),
    rounds,
    medians,
    findings,
    ...(probed !== undefined && { probed }),
  };
  writeResult(name, result);
}

/** What a measurement depends on besides the code: machine, versions and day. */
export function machine() {
  const processors = cpus();
  const undici = createRequire(import.meta.url)("undici/package.json");
  return {
    node: process.version,
    undici: /** @type {string} */ (undici.version),
    date: new Date().toISOString(),
    cpu: { model: processors[0]?.model ?? "unknown", count: processors.length },
  };
}

/**
 * Writes a file under results/.
 *
 * @param {string} name
 * @param {object} result
 */
export function writeResult(name, result) {
  mkdirSync(new URL("../results/", import.meta.url), { recursive: true });
  writeFileSync(file(name), `${inLines(result)}\n`);
}

/** JSON as the formatter lays it out, with lists of numbers on one line: a series of seconds is no page of its own. */
function inLines(/** @type {object} */ result) {
  return JSON.stringify(result, null, 2).replaceAll(
    /\[\s+(-?[\d.]+(?:,\s+-?[\d.]+)*)\s+\]/g,
    (_, list) => {
      return `[${list.replaceAll(/\s+/g, " ")}]`;
    },
  );
}

/**
 * What the last run wrote: a {@link Result} of most benches, and what those of the fleet say about themselves.
 *
 * @param {string} name
 */
export function readResult(name) {
  return JSON.parse(readFileSync(file(name), "utf8"));
}

function file(/** @type {string} */ name) {
  return new URL(`../results/${name}.json`, import.meta.url);
}
