// @ts-check
import { table } from "../run/table.js";

/**
 * What `npm --prefix bench run fleet` writes.
 *
 * @typedef {object} FleetResult
 * @property {string} command
 * @property {number} seed
 * @property {import("../fleet/world.js").FleetSettings} settings
 * @property {Omit<import("../fleet/scenarios.js").Scenario, "plan">[]} scenarios
 * @property {Record<string, Record<string, import("../fleet/simulate.js").Figures>>} figures - By scenario and policy.
 * @property {VariantFigures[]} budgets
 * @property {VariantFigures[]} waves
 */

/**
 * @typedef {object} VariantFigures
 * @property {string} name
 * @property {string} scenario
 * @property {Omit<import("../fleet/simulate.js").Figures, "series">} figures
 */

const header = [
  "scenario",
  "policy",
  "in time",
  "during it",
  "requests a call",
  "at the worst",
  "recovered after",
  "POSTs twice",
];

/**
 * Figures of all policies in all scenarios.
 *
 * @param {FleetResult} result
 */
export function fleetSection({ scenarios, figures }) {
  const rows = scenarios.flatMap(({ name, title, disturbedMs: [from, to] }) =>
    Object.entries(figures[name]).map(([policy, of]) => [
      title,
      policy,
      percent(of.goodput),
      of.goodputDisturbed === null ? "" : percent(of.goodputDisturbed),
      of.amplification.toFixed(2),
      of.peakAmplification.toFixed(2),
      from === to ? "" : recovery(of.recoveryS),
      of.duplicates.toLocaleString("en"),
    ]),
  );
  return table(header, rows);
}

/**
 * Figures of one question about an option.
 *
 * @param {readonly VariantFigures[]} variants
 */
export function variantSection(variants) {
  const rows = variants.map(({ name, figures: of }) => [
    name,
    percent(of.goodput),
    percent(of.goodputDisturbed ?? 1),
    of.amplification.toFixed(2),
    recovery(of.recoveryS),
  ]);
  return table(["", ...header.slice(2, 5), "recovered after"], rows);
}

/**
 * The simulation beside the real run.
 *
 * @param {{ node: string, date: string, cpu: { model: string, count: number },
 *   figures: Record<string, Record<"simulated" | "real", import("../fleet/summary.js").Summary & { duplicates: number }>> }} result
 */
export function validationSection({ node, date, cpu, figures }) {
  const rows = Object.entries(figures).flatMap(([policy, both]) =>
    Object.entries(both).map(([which, of]) => [
      policy,
      which,
      of.calls.toLocaleString("en"),
      percent(of.goodput),
      percent(of.goodputDisturbed ?? 1),
      of.amplification.toFixed(2),
      of.peakAmplification.toFixed(2),
      String(of.duplicates),
    ]),
  );
  const columns = ["policy", "", "calls", "in time", ...header.slice(3, 6), "POSTs twice"];
  const origin = `The real run: ${date.slice(0, 10)}, Node ${node.slice(1)}, ${cpu.count} × ${cpu.model}.`;
  return `${table(columns, rows)}\n\n${origin}`;
}

function percent(/** @type {number} */ share) {
  return `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : 1)} %`;
}

function recovery(/** @type {number | null} */ seconds) {
  return seconds === null ? "never" : `${seconds} s`;
}
