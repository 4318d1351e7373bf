// `npm test`: from a bare clone, installs, builds, lints, type-checks and tests; every check counts as one test.
// `npm test -- <filter>` runs only the test files whose path contains the filter. The last line sums up the whole run.
import { installPrograms } from "./debian.js";
import { build, install, run, vitest } from "./run.js";

const filters = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} */
const timings = [];

if ((await check("install", install)) && (await check("build", build))) {
  if (filters.length === 0) {
    await check("lint", ["oxlint", "--deny-warnings"]);
    await check("format", ["oxfmt", "--check"]);
    await check("types", ["tsc", "-b"]);
    await check("unused", ["knip", "--no-config-hints"]);
    await check("api", ["node", "scripts/api-report.js", "--check"]);
    await check("docs", ["node", "scripts/reference/reference.js", "--check"]);
    await check("tarballs", ["node", "scripts/tarballs.js", "--check"]);
  }
  await step("programs", async () => {
    const complete = installPrograms();
    return { passed: complete ? 1 : 0, failed: complete ? 0 : 1, skipped: 0 };
  });
  await step("tests", () => vitest(filters));
}

console.log(`\n${timings.join("\n")}\n`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

/**
 * @param {string} name
 * @param {string[]} command
 */
function check(name, command) {
  return step(name, async () => {
    const code = await run(command);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  });
}

/**
 * @param {string} name
 * @param {() => Promise<typeof total>} action
 * @returns {Promise<boolean>} whether nothing failed
 */
async function step(name, action) {
  console.log(`\n=== ${name}`);
  const startedAt = performance.now();
  const counts = await action();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  timings.push(`${name.padEnd(9)}${seconds.padStart(6)} s${counts.failed > 0 ? "  FAILED" : ""}`);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  return counts.failed === 0;
}
