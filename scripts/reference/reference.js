// `npm run docs`: writes docs/api, a page for each package, from the docstrings of what it exports; with --check it only
// says whether a page is stale. Build first: it reads what packages/*/build hold.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "../run.js";
import { writePages } from "./project.js";

const folder = join(root, "docs/api");
const isCheck = process.argv.includes("--check");

const written = await pages();
if (isCheck) {
  const stale = [...written].filter(([name, text]) => text !== textOf(name)).map(([name]) => name);
  const left = readdirSync(folder).filter((name) => !written.has(name));
  for (const name of [...stale, ...left]) console.error(`docs/api/${name} is stale: npm run docs`);
  if (stale.length + left.length > 0) process.exitCode = 1;
} else {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [name, text] of written) writeFileSync(join(folder, name), text);
}

/**
 * Every page, by the name of its file.
 *
 * @returns {Promise<Map<string, string>>}
 */
async function pages() {
  const parent = join(root, ".tmp");
  mkdirSync(parent, { recursive: true });
  const temporary = mkdtempSync(join(parent, "reference-"));
  try {
    await writePages(temporary);
    const names = readdirSync(temporary).filter((name) => name !== "README.md");
    const texts = new Map(
      names.map((name) => [name, tidied(readFileSync(join(temporary, name), "utf8"))]),
    );
    return texts.set("README.md", indexOf(names.toSorted()));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * A page without rules between its sections, and with empty cells where there is nothing to say.
 *
 * @param {string} page
 */
function tidied(page) {
  return page
    .replaceAll("***\n\n", "")
    .replaceAll(/\s+perf: docs\/\S+/g, "") // for the readers of the source
    .replaceAll(
      "| Property | Type | Default value | Description |",
      "| name | type | default | meaning |",
    )
    .replaceAll("| Property | Type | Description |", "| name | type | meaning |")
    .replaceAll("| Property | Type |", "| name | type |")
    .replaceAll(/ ------/g, " ---")
    .replaceAll(/^\|.*\|$/gm, (row) =>
      row
        .replaceAll(/(?<=(?<!\\)\| )(?:`undefined`|-)(?= \|)/g, "")
        .replaceAll("|  |", "| |")
        .replaceAll(/(?<!\\)\| \\\| /g, "| "),
    )
    .replaceAll(/[ \t]+$/gm, "");
}

/**
 * The index of all pages.
 *
 * @param {readonly string[]} names
 */
function indexOf(names) {
  const rows = names.map((name) => {
    const manifest = join(root, "packages", name.slice(0, -".md".length), "package.json");
    const { name: title, description } = JSON.parse(readFileSync(manifest, "utf8"));
    return `| [${title}](${name}) | ${description} |`;
  });
  return `# API

What each package exports, from its docstrings. Options have [a page of their own](../options.md), with every default in one place; so have [errors](../errors.md).

| package | |
| --- | --- |
${rows.join("\n")}

\`@reissue/register\` exports nothing: [importing it](../../packages/register/README.md) is all that it takes. The entries \`@reissue/core/internal\` and \`@reissue/server/internal\` are for the packages of this repository, and outside semantic versioning.

<!-- Written by npm run docs. Do not edit. -->
`;
}

/** @param {string} name */
function textOf(name) {
  try {
    return readFileSync(join(folder, name), "utf8");
  } catch {
    return null;
  }
}
