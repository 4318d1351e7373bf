import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, resolve } from "node:path";

import { OptionError } from "@reissue/core";
import { checkKeys } from "@reissue/core/internal";

import type { Settings } from "./environment.ts";

/** The names under which a file is looked for in the working directory, the first one that exists. */
export const configFileNames: readonly string[] = ["reissue.config.js", "reissue.config.json"];

/** The settings of a file, and where it was found; null for none. */
export interface ConfigFile {
  readonly path: string;
  readonly settings: Settings;
}

/**
 * Reads the settings of `reissue.config.js` or `reissue.config.json`.
 *
 * @param named - The path that REISSUE_CONFIG gives; it must exist.
 * @throws {@link OptionError} for a file that is not there, cannot be read, or has unknown sections.
 */
export function readConfigFile(directory: string, named: string | undefined): ConfigFile | null {
  const path = named === undefined ? findIn(directory) : resolve(directory, named);
  if (path === null) return null;
  if (!existsSync(path))
    throw new OptionError("REISSUE_CONFIG", `names ${path}, which is not there`);
  const content = contentOf(path);
  checkKeys(content, path, ["agent", "upstream"]);
  const { agent = {}, upstream = {} } = content as Partial<Settings>;
  return { path, settings: { agent, upstream } };
}

function findIn(directory: string): string | null {
  const paths = configFileNames.map((name) => resolve(directory, name));
  return paths.find((path) => existsSync(path)) ?? null;
}

function contentOf(path: string): unknown {
  try {
    if (extname(path) === ".json") return JSON.parse(readFileSync(path, "utf8"));
    const exported: unknown = createRequire(path)(path);
    return hasDefault(exported) ? exported.default : exported;
  } catch (error) {
    throw new OptionError(
      path,
      `cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Whether a module is one of ECMAScript's with a default export. */
function hasDefault(value: unknown): value is { readonly default: unknown } {
  return typeof value === "object" && value !== null && "default" in value;
}
