// The second half of `npm run build`: writes packages/*/dist, which is published, from packages/*/build, which TypeScript
// has written. An entry becomes one CommonJS module with its declarations, and an ES module that re-exports it, so that a
// process which both imports and requires a package has it once: docs/decisions/0017-modules.md.
import { chmodSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, isAbsolute, join, relative } from "node:path";

import { rollup } from "rollup";
import { dts } from "rollup-plugin-dts";

import { commonJs } from "./bundle/common-js.js";
import { facades } from "./bundle/facades.js";
import { rawText } from "./bundle/raw-text.js";
import { entriesOf, packageNames } from "./packages.js";
import { root } from "./run.js";

const packages = join(root, "packages");

/** Warnings of a package without exports, and of a `createRequire` that has become `require`. */
const expected = ["EMPTY_BUNDLE", "UNUSED_EXTERNAL_IMPORT"];

/** Modules that a package loads or starts by the name of their file, beside its entries. */
const ownModules = new Map([
  ["cli", ["bin"]],
  ["lab", ["contender/contender-process", "upstream/upstream-process"]],
  ["register", ["register"]],
  ["testing", ["spawn/child"]],
]);

/** Modules for browsers, with the URLs from which they import what is served beside them. */
const browserModules = new Map([["lab", { module: "page/page", paths: { uplot: "/uplot.js" } }]]);

const [types, ...code] = await Promise.all([bundleTypes(), ...packageNames.map(bundleCode)]);
for (const [index, name] of packageNames.entries()) {
  const declarations = types.flatMap((path) => (packageOf(path) === name ? [basename(path)] : []));
  removeOthers(join(packages, name, "dist"), [...declarations, ...(code[index] ?? [])]);
  for (const program of programsOf(name)) chmodSync(join(packages, name, program), 0o755);
}

/**
 * @param {string} name
 * @returns {Promise<string[]>} the files it wrote
 */
async function bundleCode(name) {
  const entries = entriesOf(name);
  const modules = [...entries, ...(ownModules.get(name) ?? [])];
  const paths = modules.map((module) => [
    basename(module),
    join(packages, name, "build", `${module}.js`),
  ]);
  const built = await rollup({
    input: Object.fromEntries(paths),
    external,
    plugins: [rawText(), commonJs()],
    treeshake: { moduleSideEffects: (id) => !id.startsWith("node:") },
    onLog,
  });
  const { output } = await built.write({
    dir: join(packages, name, "dist"),
    format: "es",
    entryFileNames: "[name].cjs",
    chunkFileNames: "shared.cjs",
    plugins: [facades(entries)],
  });
  return [...output.map(({ fileName }) => fileName), ...(await bundleBrowserModule(name))];
}

/**
 * A browser loads it as it is: one ES module.
 *
 * @param {string} name
 * @returns {Promise<string[]>} the files it wrote
 */
async function bundleBrowserModule(name) {
  const browserModule = browserModules.get(name);
  if (browserModule === undefined) return [];
  const { module, paths } = browserModule;
  const input = join(packages, name, "build", `${module}.js`);
  const built = await rollup({ input, external, onLog });
  const { output } = await built.write({ dir: join(packages, name, "dist"), format: "es", paths });
  return output.map(({ fileName }) => fileName);
}

/** Rolls up the declarations of all packages at once: most of the time goes into reading those of Node. */
async function bundleTypes() {
  const paths = packageNames.flatMap((name) =>
    entriesOf(name).map((module) => [
      `${name}/dist/${module}`,
      join(packages, name, "build", `${module}.d.ts`),
    ]),
  );
  const built = await rollup({
    input: Object.fromEntries(paths),
    external,
    plugins: [dts({ tsconfig: join(root, "tsconfig.base.json"), compilerOptions: { paths: {} } })],
    onLog,
  });
  const { output } = await built.write({
    dir: packages,
    format: "es",
    entryFileNames: "[name].d.cts",
    chunkFileNames: ({ moduleIds: [path = ""] }) =>
      `${packageOf(relative(packages, path))}/dist/shared.d.cts`,
  });
  return output.map(({ fileName }) => fileName);
}

/**
 * Removes what an earlier build has left; the current files stay in place all the time, for processes that load them.
 *
 * @param {string} folder
 * @param {readonly string[]} files
 */
function removeOthers(folder, files) {
  for (const file of readdirSync(folder)) {
    if (!files.includes(file)) rmSync(join(folder, file), { recursive: true });
  }
}

/**
 * @param {string} name
 * @returns {string[]} the files that its manifest's `bin` names
 */
function programsOf(name) {
  const manifest = readFileSync(join(packages, name, "package.json"), "utf8");
  return Object.values(JSON.parse(manifest).bin ?? {});
}

/** @param {string} path - below `packages` */
function packageOf(path) {
  return path.split(/[/\\]/, 1)[0];
}

/**
 * Packages stay outside of each other, so that a process has each of them once.
 *
 * @param {string} id
 */
function external(id) {
  return !id.startsWith(".") && !isAbsolute(id);
}

/**
 * Fails the build for whatever rollup warns of.
 *
 * @param {string} level
 * @param {import("rollup").RollupLog} log
 */
function onLog(level, log) {
  if (level !== "warn" || expected.includes(log.code ?? "")) return;
  throw new Error(`rollup warns of ${log.code}: ${log.message}`);
}
