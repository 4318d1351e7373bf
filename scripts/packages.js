import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { root } from "./run.js";

/** The folders of the published packages, such as `core`. */
export const packageNames = readdirSync(join(root, "packages"))
  .filter((name) => existsSync(join(root, "packages", name, "package.json")))
  .toSorted();

/**
 * The modules that a package exports, by their path below `src`: `index`, and `internal` for some.
 *
 * @param {string} name
 * @returns {string[]}
 */
export function entriesOf(name) {
  const paths = Object.keys(manifestOf(name).exports).filter((path) => !path.endsWith(".json"));
  return paths.map((path) => (path === "." ? "index" : path.slice(2)));
}

/**
 * The name under which a package is published, such as `@reissue/core`.
 *
 * @param {string} name
 * @returns {string}
 */
export function publishedName(name) {
  return manifestOf(name).name;
}

/** @param {string} name */
function manifestOf(name) {
  return JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8"));
}
