// `npm run tarballs`: writes to etc/tarballs.md how many files each package publishes, and their size. With --check, a part
// of `npm test` and `npm run check`: fails if a package has other files, or is a tenth larger or smaller than reported.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { packageNames, publishedName } from "./packages.js";
import { root } from "./run.js";

/** Relative difference in size from which the report is stale. */
const tolerance = 0.1;

const page = join(root, "etc/tarballs.md");
const head = `# Published packages

Written by \`npm run tarballs\`. Sizes are in kB of 1000 bytes; compressed as gzip does it.

| package | files | size | compressed |
| --- | --: | --: | --: |
`;

const rows = packageNames.map((name) => {
  const files = filesOf(name);
  const contents = files.map((file) => readFileSync(file));
  const bytes = contents.reduce((sum, content) => sum + content.length, 0);
  const compressed = gzipSync(Buffer.concat(contents)).length;
  return { name, files: files.length, size: kB(bytes), compressed: kB(compressed) };
});

if (!process.argv.includes("--check")) {
  const line = (/** @type {typeof rows[number]} */ { name, files, size, compressed }) =>
    `| ${publishedName(name)} | ${files} | ${size} | ${compressed} |\n`;
  writeFileSync(page, head + rows.map(line).join(""));
} else {
  const reported = readFileSync(page, "utf8");
  const stale = rows.filter((row) => !isReported(row, reported)).map(({ name }) => name);
  if (stale.length > 0) {
    console.error(`etc/tarballs.md is stale for ${stale.join(", ")}: npm run tarballs`);
    process.exitCode = 1;
  }
}

/**
 * @param {typeof rows[number]} row
 * @param {string} report
 */
function isReported({ name, files, size, compressed }, report) {
  const line = new RegExp(
    `^\\| ${publishedName(name)} \\| (\\d+) \\| ([\\d.]+) \\| ([\\d.]+) \\|$`,
    "m",
  );
  const [, ...numbers] = line.exec(report)?.map(Number) ?? [];
  const [reportedFiles = 0, reportedSize = 0, reportedCompressed = 0] = numbers;
  const isNear = (/** @type {number} */ now, /** @type {number} */ then) =>
    Math.abs(now - then) <= Math.max(then * tolerance, 1);
  return (
    files === reportedFiles && isNear(size, reportedSize) && isNear(compressed, reportedCompressed)
  );
}

/**
 * The files of a package that npm publishes: those that its manifest lists, and those that it always takes.
 *
 * @param {string} name
 */
function filesOf(name) {
  const folder = join(root, "packages", name);
  const { files } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const listed = [...files, "LICENSE", "README.md", "package.json"];
  return listed
    .map((file) => join(folder, file))
    .filter((path) => existsSync(path))
    .flatMap((path) =>
      statSync(path).isDirectory() ? readdirSync(path).map((file) => join(path, file)) : [path],
    );
}

/** @param {number} bytes */
function kB(bytes) {
  return Math.round(bytes / 100) / 10;
}
