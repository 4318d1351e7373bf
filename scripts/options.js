// Writes the tables of docs/options.md from those that options are read by; with --check it only says whether the page is
// stale. Build first: it runs what packages/*/build hold.
import { readFileSync, writeFileSync } from "node:fs";

import { agentTable } from "../packages/agent/build/options.js";
import { claimTable } from "../packages/core/build/idempotency/claim/claim-config.js";
import { memoryStoreTable } from "../packages/core/build/idempotency/store/memory-store-config.js";
import { retryTable } from "../packages/core/build/retry/retry-options.js";
import { gateTable } from "../packages/server/build/config/gate-config.js";
import { keyTable, recordTable } from "../packages/server/build/config/idempotency-config.js";
import { routeTable } from "../packages/server/build/config/route-config.js";
import { clientTable } from "../packages/upstream/build/config/client-config.js";
import { connectionTable, originTable } from "../packages/upstream/build/config/origin-config.js";

/** @typedef {import("../packages/core/build/common/option-table.js").OptionSpec<unknown>} OptionSpec */

/** Of each section of the page its tables, and what their options are called there. */
const sections = {
  client: { tables: [clientTable], prefix: "" },
  connection: { tables: [connectionTable], prefix: "" },
  origin: { tables: [originTable], prefix: "" },
  retry: { tables: [retryTable], prefix: "" },
  agent: { tables: [agentTable], prefix: "" },
  gate: { tables: [gateTable], prefix: "" },
  idempotency: { tables: [keyTable, claimTable, recordTable], prefix: "idempotency." },
  route: { tables: [routeTable], prefix: "route." },
  memoryStore: { tables: [memoryStoreTable], prefix: "" },
};

const page = new URL("../docs/options.md", import.meta.url);
const written = readFileSync(page, "utf8");
const text = written.replaceAll(
  /(<!-- options of (\w+) -->\n).*?(<!-- end -->)/gs,
  (_, begin, name, end) => `${begin}\n${section(name)}\n\n${end}`,
);

if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (text !== written) {
  console.error("docs/options.md is stale: run node scripts/options.js");
  process.exitCode = 1;
}

/** @param {string} name */
function section(name) {
  const { tables, prefix } = sections[/** @type {keyof typeof sections} */ (name)];
  const rows = tables.flatMap((table) => rowsOf(table, prefix));
  const all = [["option", "default", "meaning"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column].length)));
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.map((cell, at) => cell.padEnd(widths[at])).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  return [line(all[0]), line(rule), ...rows.map(line)].join("\n");
}

/**
 * @param {object} table
 * @param {string} prefix
 * @returns {string[][]}
 */
function rowsOf(table, prefix) {
  return Object.entries(table).flatMap(([name, /** @type {OptionSpec} */ spec]) => {
    const { doc, parts } = spec;
    if (parts !== undefined) return rowsOf(parts, `${prefix}${name}.`);
    return [[`\`${prefix}${name}\``, defaultOf(spec), doc]];
  });
}

/** @param {OptionSpec} spec */
function defaultOf({ defaultDoc, default: value }) {
  if (defaultDoc !== undefined) return defaultDoc;
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  return typeof value === "string" ? `\`"${value}"\`` : String(value);
}
