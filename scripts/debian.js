import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What the tests start of Debian's programs, each with its package. */
const programs = [
  { name: "nginx", package: "nginx" },
  { name: "haproxy", package: "haproxy" },
  { name: "apache2", package: "apache2-bin" },
  { name: "redis-server", package: "redis-server" },
  { name: "postgres", package: "postgresql" },
  { name: "chromium", package: "chromium" },
  { name: "prometheus", package: "prometheus" },
  { name: "promtool", package: "prometheus" },
];

/** Who may install must not pass over a test for want of a program; nor may CI. */
export const required = process.getuid?.() === 0 || (process.env.CI ?? "") !== "";

/** Asked by a package's scripts before they start a service; 101 forbids it. */
const policy = "/usr/sbin/policy-rc.d";

const administrators = ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin"];

/** Where Debian keeps the programs of each version of PostgreSQL, the latest first. */
function postgresFolders() {
  const versions = "/usr/lib/postgresql";
  if (!existsSync(versions)) return [];
  const latestFirst = readdirSync(versions).toSorted((a, b) => Number(b) - Number(a));
  return latestFirst.map((version) => join(versions, version, "bin"));
}

/**
 * Finds a program, also where Debian keeps what is not on everybody's PATH.
 *
 * @param {string} name
 * @returns {string | null} its path
 */
export function find(name) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const folder of [...folders, ...administrators, ...postgresFolders()]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // The next folder may have it.
    }
  }
  return null;
}

/**
 * Installs what is missing with apt-get, as root, and starts no service; otherwise says what to install.
 *
 * @returns {boolean} whether the tests can run: nothing is missing, or what is may be passed over
 */
export function installPrograms() {
  let missing = programs.filter(({ name }) => find(name) === null);
  if (missing.length === 0) return true;
  if (process.getuid?.() === 0 && find("apt-get") !== null) {
    aptGet(packagesOf(missing));
    missing = programs.filter(({ name }) => find(name) === null);
  }
  if (missing.length === 0) return true;
  const packages = packagesOf(missing).join(" ");
  const outcome = required ? "the tests that need it fail" : "the tests that need it are skipped";
  console.log(`Missing, so ${outcome}: apt-get install --no-install-recommends ${packages}`);
  return !required;
}

/** @param {readonly { readonly package: string }[]} missing */
function packagesOf(missing) {
  return [...new Set(missing.map((program) => program.package))];
}

/** @param {string[]} packages */
function aptGet(packages) {
  const own = !existsSync(policy);
  if (own) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    for (const command of [["update"], ["install", "--no-install-recommends", ...packages]]) {
      const { status } = spawnSync("apt-get", ["--yes", "--quiet", ...command], {
        env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
        stdio: ["ignore", "inherit", "inherit"],
        timeout: 300_000,
      });
      if (status !== 0) console.log(`apt-get ${command.join(" ")} ended with ${status}`);
    }
  } finally {
    if (own) rmSync(policy, { force: true });
  }
}
