// Writes docs/decision-table.md from the function that decides; with --check it only says whether the page is stale.
// Build first: it runs what packages/core/build holds.
import { readFileSync, writeFileSync } from "node:fs";

import { decisionTable } from "../packages/core/build/retry/decision-table.js";

const page = new URL("../docs/decision-table.md", import.meta.url);
const text = decisionTable();

if (!process.argv.includes("--check")) {
  writeFileSync(page, text);
} else if (readFileSync(page, "utf8") !== text) {
  console.error("docs/decision-table.md is stale: run node scripts/decision-table.js");
  process.exitCode = 1;
}
