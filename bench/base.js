// @ts-check
// The working tree beside another commit, in one run: `npm run bench -- --base main`. Prints ratios, and writes nothing.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { findingTable } from "./run/finding.js";
import { spawnLibrary } from "./run/library-process.js";
import { quick } from "./run/quick.js";
import { spawnRawUpstream } from "./run/raw-upstream.js";
import { interleaved } from "./run/rounds.js";
import { ratio } from "./run/statistics.js";

const { values } = parseArgs({
  options: { base: { type: "string", default: "main" }, quick: { type: "boolean" } },
});
const branch = join(import.meta.dirname, "..");
const base = checkOut(values.base);
const concurrency = 64;
const rounds = quick ? 3 : 16;

/** @type {Record<string, import("./clients.js").Exchange>} */
const exchanges = {
  GET: { path: "/2", method: "GET" },
  POST: { path: "/json", method: "POST", body: "x".repeat(1024) },
};
const trees = { base, branch, "base (again)": base };

/** @type {import("./run/finding.js").Finding[]} */
const findings = [];
const upstream = await spawnRawUpstream();
try {
  for (const call of /** @type {const} */ (["upstream.request", "upstream()"])) {
    for (const [kind, exchange] of Object.entries(exchanges)) await compare(call, kind, exchange);
  }
} finally {
  upstream.close();
}
console.log(`\n${findingTable(findings)}`);

/**
 * @param {"upstream.request" | "upstream()"} call
 * @param {string} kind
 * @param {import("./clients.js").Exchange} exchange
 */
async function compare(call, kind, exchange) {
  const opened = Object.entries(trees).map(([name, root]) => ({
    name,
    client: spawnLibrary({ root, call, origin: upstream.origin, concurrency, exchange }),
  }));
  const requests = quick ? 1000 : 6000;
  const contenders = opened.map(({ name, client }) => ({
    name,
    turn: () => client.drive(requests),
  }));
  process.stderr.write(`${call}, ${kind} `);
  const results = await interleaved(contenders, { rounds, warmUp: quick ? 1 : 4 }).finally(() => {
    for (const { client } of opened) client.close();
  });
  /** @param {string} name */
  const of = (name) => results.get(name) ?? [];
  for (const contender of ["branch", "base (again)"]) {
    for (const [measure, pick] of /** @type {const} */ ([
      ["requests a second", "requestsPerSecond"],
      ["CPU a request", "cpuMicros"],
    ])) {
      findings.push({
        measure: `${measure}, ${call}, ${kind}`,
        contender,
        beside: "base",
        unit: "",
        spread: ratio(
          of(contender).map((figures) => figures[pick]),
          of("base").map((figures) => figures[pick]),
        ),
      });
    }
  }
}

/**
 * Checks a commit out into a worktree under `.tmp`, installed and built; one that is there already is used again.
 *
 * @param {string} ref
 */
function checkOut(ref) {
  const git = (/** @type {readonly string[]} */ args) =>
    execFileSync("git", args, { cwd: branch, encoding: "utf8" }).trim();
  const commit = git(["rev-parse", "--verify", `${ref}^{commit}`]);
  const root = join(branch, ".tmp", "bench-base", commit);
  if (existsSync(join(root, "packages/upstream/dist/index.js"))) return root;
  mkdirSync(join(branch, ".tmp", "bench-base"), { recursive: true });
  if (!existsSync(root)) git(["worktree", "add", "--detach", "--force", root, commit]);
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  /** @type {import("node:child_process").ExecFileSyncOptions} */
  const inRoot = { cwd: root, stdio: ["ignore", "ignore", "inherit"] };
  execFileSync("npx", ["--yes", packageManager, "install", "--frozen-lockfile"], inRoot);
  execFileSync("npm", ["run", "build"], inRoot);
  return root;
}
