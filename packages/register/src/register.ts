import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";

import { readConfigFile } from "./config-file.ts";
import { unknownVariables, withEnvironment, type Settings } from "./environment.ts";
import { patchAgents, patchFetch, type Patch } from "./patches.ts";

const done = Symbol.for("reissue.register");

/** The function that {@link register} is. */
export type Register = (
  environment: NodeJS.ProcessEnv,
  directory: string,
  earlierDispatcher: unknown,
) => void;

/**
 * Makes a whole process resend, once, and says on stderr what was done.
 *
 * Wrong settings leave the process as it is: a preload that ends a service over a mistyped variable does more harm than
 * the race it is there to end.
 *
 * @param earlierDispatcher - The global dispatcher that was set before undici was loaded; undefined for none.
 */
export const register: Register = (environment, directory, earlierDispatcher) => {
  const state = globalThis as { [done]?: true };
  if (state[done] === true) return;
  state[done] = true;
  if (isSwitchedOn(environment["REISSUE_DISABLE"])) return;
  const tell = teller(environment);
  try {
    const file = readConfigFile(directory, environment["REISSUE_CONFIG"]);
    const base: Settings = file?.settings ?? { agent: {}, upstream: {} };
    const { agent, upstream } = withEnvironment(base, environment);
    // First, since it may find a wrong option of its own: then nothing is patched.
    const fetchPatch = patchFetch(upstream, earlierDispatcher);
    const patches = [...patchAgents(agent), fetchPatch];
    tell(summary(patches, file?.path ?? null, unknownVariables(environment)));
  } catch (error) {
    tell(`is off: ${error instanceof Error ? error.message : String(error)}`);
  }
};

function isSwitchedOn(text: string | undefined): boolean {
  return text !== undefined && !["", "0", "false"].includes(text);
}

/** Says something once a process, not in each of its threads; REISSUE_QUIET leaves only what went wrong. */
function teller(environment: NodeJS.ProcessEnv): (text: string) => void {
  return (text) => {
    if (!isMainThread) return;
    if (isSwitchedOn(environment["REISSUE_QUIET"]) && text.startsWith("is on")) return;
    process.stderr.write(`Reissue ${version()} ${text}\n`);
  };
}

function summary(
  patches: readonly Patch[],
  file: string | null,
  mistyped: readonly string[],
): string {
  const patched = patches.filter(({ leftAlone }) => leftAlone === null).map(({ name }) => name);
  const others = patches.flatMap(({ name, leftAlone }) =>
    leftAlone === null ? [] : [`${name} is left alone: ${leftAlone}`],
  );
  const notes = [
    ...others,
    ...(file === null ? [] : [`settings of ${file}`]),
    ...(mistyped.length === 0 ? [] : [`not an option: ${mistyped.join(", ")}`]),
  ];
  const on = patched.length === 0 ? "is on for nothing" : `is on for ${patched.join(", ")}`;
  return [`${on}, Node ${process.versions.node}`, ...notes].join("; ");
}

function version(): string {
  const manifest: unknown = createRequire(import.meta.url)("../package.json");
  return (manifest as { readonly version: string }).version;
}
