// @ts-check
import { table } from "./table.js";

/** @typedef {{ atLeast: number } | { atMost: number } | { exactly: number }} Target */

/**
 * What a bench found out about one contender.
 *
 * @typedef {object} Finding
 * @property {string} measure
 * @property {string} contender
 * @property {string | null} beside - Who it is compared with; null where the figure itself is what counts.
 * @property {"" | "ms" | "µs" | "ns" | "bytes"} unit - Empty for a ratio.
 * @property {import("./statistics.js").Spread} spread - Over the rounds.
 * @property {Target} [target] - What the median has to meet; each round, where it says exactly.
 */

const header = ["measure", "contender", "beside", "median", "quartiles", "target", ""];

/**
 * The findings as a Markdown table.
 *
 * @param {readonly Finding[]} findings
 */
export function findingTable(findings) {
  const rows = findings.map((finding) => {
    const { measure, contender, beside, unit, spread, target } = finding;
    const quartiles = `${figure(spread.lowerQuartile)} – ${figure(spread.upperQuartile)}`;
    return [
      measure,
      contender,
      beside ?? "",
      `${figure(spread.median)} ${unit}`.trim(),
      quartiles,
      target === undefined ? "" : `${targetText(target)} ${unit}`.trim(),
      verdict(finding),
    ];
  });
  return table(header, rows);
}

/** @param {Finding} finding */
function verdict({ target, spread }) {
  if (target === undefined) return "";
  return holds(target, spread) ? "holds" : "target missed";
}

/**
 * @param {Target} target
 * @param {import("./statistics.js").Spread} spread
 */
function holds(target, { median, min, max }) {
  if ("exactly" in target) return min === target.exactly && max === target.exactly;
  return "atLeast" in target ? median >= target.atLeast : median <= target.atMost;
}

/** @param {Target} target */
function targetText(target) {
  if ("exactly" in target) return `= ${target.exactly}`;
  return "atLeast" in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}

/** Two decimals or three digits, whichever says more. */
function figure(/** @type {number} */ value) {
  return Math.abs(value) < 0.1 ? String(Number(value.toPrecision(2))) : value.toFixed(2);
}
