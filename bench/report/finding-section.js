// @ts-check
import { findingTable } from "../run/finding.js";
import { probeTable } from "../run/probes.js";

/**
 * What a bench found out about its contenders, and where.
 *
 * @param {import("../run/result.js").Result} result
 */
export function findingSection({ findings, probed, rounds, node, undici, date, cpu }) {
  const machine = `${cpu.count} × ${cpu.model}`;
  const origin = `${date.slice(0, 10)}, Node ${node.slice(1)}, undici ${undici}, ${machine}, ${rounds} rounds.`;
  const tables = [findingTable(findings), ...(probed === undefined ? [] : [probeTable(probed)])];
  return [...tables, origin].join("\n\n");
}
