import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";

/** The repository's root; every command runs there. */
export const root = dirname(import.meta.dirname);

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

export const install = ["npx", "--yes", manifest.packageManager, "install", "--frozen-lockfile"];

export const build = ["npm", "run", "--silent", "build"];

/**
 * Runs a command with its output streamed, and resolves to its exit code.
 *
 * The given Node and the installed tools come first on its PATH, whatever the machine has there. A signal to this
 * process goes to the command, and ends this process once the command has ended.
 *
 * @param {string[]} command
 * @param {{ node?: string, stdin?: "ignore" | "inherit" }} [options]
 * @returns {Promise<number>}
 */
export function run([file = "", ...args], { node = process.execPath, stdin = "ignore" } = {}) {
  const tools = join(root, "node_modules", ".bin");
  const env = { ...process.env, PATH: [dirname(node), tools, process.env.PATH].join(delimiter) };
  const child = spawn(file, args, { cwd: root, env, stdio: [stdin, "inherit", "inherit"] });

  let interrupted = false;
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    interrupted = true;
    // A terminal sends Ctrl-C to both processes, anybody else to this one alone.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);

  return new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`${file} could not be started: ${error.message}`);
      resolve(127);
    });
    child.once("exit", (code, killedBy) => {
      for (const signal of signals) process.off(signal, forward);
      const exitCode = killedBy === null ? (code ?? 1) : 128 + constants.signals[killedBy];
      if (interrupted) process.exit(exitCode);
      resolve(exitCode);
    });
  });
}

/**
 * Runs vitest and counts its tests; a file that fails to load, or a run that tested nothing, counts as one failure.
 *
 * @param {string[]} filters
 * @param {{ node?: string }} [options]
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
export async function vitest(filters, { node = process.execPath } = {}) {
  const report = join(root, ".tmp", `vitest-${process.pid}.json`);
  mkdirSync(dirname(report), { recursive: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const command = [node, "node_modules/vitest/vitest.mjs", "run", ...reporters, ...filters];
  const code = await run(command, { node });

  const counts = { passed: 0, failed: 0, skipped: 0 };
  const files = readReport(report);
  printSlowest(files);
  for (const file of files) {
    const statuses = file.assertionResults.map((test) => test.status);
    if (file.status === "failed" && !statuses.includes("failed")) counts.failed += 1;
    for (const status of statuses) {
      if (status === "passed" || status === "failed") counts[status] += 1;
      else counts.skipped += 1;
    }
  }
  rmSync(report, { force: true });
  if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
  return counts;
}

/**
 * Prints the ten test files that took longest: the first to look at when the suite has become slow.
 *
 * @param {TestFile[]} files
 */
function printSlowest(files) {
  const slowest = files
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, 10);
  console.log("\nslowest files");
  for (const { name, seconds } of slowest) {
    console.log(`${seconds.toFixed(1).padStart(6)} s  ${relative(root, name)}`);
  }
}

/**
 * A test file in vitest's JSON report; times in ms since the epoch.
 *
 * @typedef {{
 *   name: string, status: string, startTime: number, endTime: number, assertionResults: { status: string }[],
 * }} TestFile
 */

/**
 * @param {string} path
 * @returns {TestFile[]}
 */
function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch {
    return [];
  }
}
