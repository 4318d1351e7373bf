// @ts-check

/** @typedef {{ atLeast: number } | { atMost: number }} Target */

/**
 * What a bench found out about one contender.
 *
 * @typedef {object} Finding
 * @property {string} measure
 * @property {string} contender
 * @property {string | null} beside - Who it is compared with; null where the figure itself is what counts.
 * @property {"" | "ms" | "ns" | "bytes"} unit - Empty for a ratio.
 * @property {import("./statistics.js").Spread} spread - Over the rounds.
 * @property {Target} [target] - What the median has to meet.
 */

const header = ["measure", "contender", "beside", "median", "quartiles", "target", ""];

/**
 * The findings as a Markdown table, laid out as the formatter does it.
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
  const widths = header.map((_, column) =>
    Math.max(3, ...[header, ...rows].map((row) => row[column].length)),
  );
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}

/** @param {Finding} finding */
function verdict({ target, spread }) {
  if (target === undefined) return "";
  const holds =
    "atLeast" in target ? spread.median >= target.atLeast : spread.median <= target.atMost;
  return holds ? "holds" : "target missed";
}

/** @param {Target} target */
function targetText(target) {
  return "atLeast" in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
}

/** Two decimals or three digits, whichever says more. */
function figure(/** @type {number} */ value) {
  return Math.abs(value) < 0.1 ? String(Number(value.toPrecision(2))) : value.toFixed(2);
}
