// @ts-check
// The time that a process takes to start, load one module, and end: what a command, a function or a test run feels.
import { spawnSync } from "node:child_process";

import { quick } from "./run/quick.js";
import { publish } from "./run/result.js";
import { interleaved } from "./run/rounds.js";
import { median, ratio } from "./run/statistics.js";

const rounds = quick ? 3 : 30;
const warmUp = quick ? 1 : 2;

/** Loaded beside Reissue; Node alone is the base that is taken off all. */
const bare = "Node alone";
const modules = [
  "node:http",
  "http-errors",
  "undici",
  "express",
  "@reissue/express",
  "@reissue/koa",
  "@reissue/fastify",
  "@reissue/upstream",
  "@reissue/agent",
  "@reissue/register",
];

const formats = /** @type {const} */ (["require", "import"]);

/**
 * Most that an adapter may take beyond http-errors, which every framework brings, as a share of what undici takes: 12 ms
 * where that takes 55. Of this, node:http is a good part, which every framework loads too.
 */
const mostOfUndici = 0.22;

const contenders = formats.flatMap((format) =>
  [bare, ...modules].map((module) => ({
    name: `${format} ${module}`,
    turn: () => startMs(format, module),
  })),
);
const results = await interleaved(contenders, { rounds, warmUp });

publish("cold-start", {
  rounds,
  medians: Object.fromEntries(
    [...results].map(([name, times]) => [name, { "ms to start": median(times) }]),
  ),
  findings: formats.flatMap((format) => modules.map((module) => finding(format, module))),
});

/**
 * @param {typeof formats[number]} format
 * @param {string} module
 * @returns {import("./run/finding.js").Finding}
 */
function finding(format, module) {
  const isAdapter = /^@reissue\/(express|koa|fastify)$/.test(module);
  const base = isAdapter ? "http-errors" : bare;
  const times = beyond(`${format} ${module}`, `${format} ${base}`);
  return {
    measure: `${format}: time beyond ${base}`,
    contender: module,
    beside: `undici beyond ${bare}`,
    unit: "",
    spread: ratio(times, beyond(`${format} undici`, `${format} ${bare}`)),
    ...(isAdapter && { target: { atMost: mostOfUndici } }),
  };
}

/**
 * How much longer one took than another in each round.
 *
 * @param {string} name
 * @param {string} base
 */
function beyond(name, base) {
  const others = results.get(base) ?? [];
  return (results.get(name) ?? []).map((ms, round) => ms - others[round]);
}

/**
 * @param {typeof formats[number]} format
 * @param {string} module
 */
function startMs(format, module) {
  const specifier = JSON.stringify(module);
  const statement = format === "import" ? `import ${specifier};` : `require(${specifier});`;
  const type = format === "import" ? "module" : "commonjs";
  const args = [`--input-type=${type}`, "--eval", module === bare ? "" : statement];
  const env = { ...process.env, REISSUE_QUIET: "1" };
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    cwd: import.meta.dirname,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - startedAt;
}
