// @ts-check
// Writes the measured figures of all pages from what the last runs left in results/: tables between markers, and single
// figures that a comment follows. With --check it only says which pages are stale.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

import { findingSection } from "./report/finding-section.js";
import { fleetSection, validationSection, variantSection } from "./report/fleet-section.js";
import { withFigures } from "./report/inline-figures.js";
import { readResult } from "./run/result.js";

/**
 * Tables that differ from those of most benches, by the name in their marker.
 *
 * @type {Record<string, () => string>}
 */
const sections = {
  fleet: () => fleetSection(readResult("fleet")),
  "fleet-budgets": () => variantSection(readResult("fleet").budgets),
  "fleet-waves": () => variantSection(readResult("fleet").waves),
  "fleet-validation": () => validationSection(readResult("fleet-validation")),
};

const root = new URL("../", import.meta.url);
const docs = readdirSync(new URL("docs/", root), { recursive: true, encoding: "utf8" });
const pages = docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
const isCheck = process.argv.includes("--check");

for (const page of ["README.md", ...pages]) {
  const file = new URL(page, root);
  const written = readFileSync(file, "utf8");
  const text = withFigures(withSections(written), readResult);
  if (text === written) continue;
  if (!isCheck) writeFileSync(file, text);
  else {
    console.error(`${page} is stale: run npm --prefix bench run report`);
    process.exitCode = 1;
  }
}

function withSections(/** @type {string} */ page) {
  return page.replaceAll(
    /(<!-- results of (\S+) -->\n).*?(<!-- end -->)/gs,
    (_, begin, name, end) => `${begin}\n${section(name)}\n\n${end}`,
  );
}

function section(/** @type {string} */ name) {
  return sections[name]?.() ?? findingSection(readResult(name));
}
