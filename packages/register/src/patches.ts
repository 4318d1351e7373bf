import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";

import { adopt, type ReissueAgentOptions } from "@reissue/agent";
import { ReissueDispatcher, type UpstreamOptions } from "@reissue/upstream";
import { setGlobalDispatcher } from "undici";

/** What became of one part of the process: what it is, and why it was left alone; null where it was patched. */
export interface Patch {
  readonly name: string;
  readonly leftAlone: string | null;
}

/**
 * Makes agents of node:http and node:https resend: the global ones, and those that are made from now on, as AWS' SDK makes
 * its own. Instances of subclasses are left alone, since their constructors are not done when the agent's is.
 *
 * @throws OptionError with the path of the first wrong option.
 */
export function patchAgents(options: ReissueAgentOptions): readonly Patch[] {
  const patches = [
    adoptAgent("http.globalAgent", http.globalAgent, options),
    adoptAgent("https.globalAgent", https.globalAgent, options),
    patchClass("http.Agent", http, options),
    patchClass("https.Agent", https, options),
  ];
  syncBuiltinESMExports();
  return patches;
}

function adoptAgent(name: string, agent: unknown, options: ReissueAgentOptions): Patch {
  if (!(agent instanceof http.Agent)) {
    return { name, leftAlone: "something else stands in its place" };
  }
  adopt(agent, options);
  return { name, leftAlone: null };
}

/**
 * Has a module's class of agents adopt what `new` makes of it. A proxy, since subclasses, `instanceof` and constructors
 * that are called without `new` then mean what they did.
 */
function patchClass(
  name: string,
  module: { Agent: typeof http.Agent },
  options: ReissueAgentOptions,
): Patch {
  const Original = module.Agent;
  const own = Object.getOwnPropertyDescriptor(module, "Agent");
  if (typeof Original !== "function" || own?.writable !== true) {
    return { name, leftAlone: "it cannot be replaced" };
  }
  const Patched: typeof http.Agent = new Proxy(Original, {
    construct(target, args, newTarget) {
      if (newTarget !== Patched) return Reflect.construct(target, args, newTarget) as object;
      return adopt(Reflect.construct(target, args) as http.Agent, options);
    },
  });
  module.Agent = Patched;
  return { name, leftAlone: null };
}

/** The major versions of undici whose fetch is known to work over the dispatcher. */
const knownMajors: readonly (string | undefined)[] = ["6", "7", "8"];

/**
 * Has built-in fetch send through a client that resends.
 *
 * @param earlier - The global dispatcher that was set before, such as that of a proxy; it is left alone.
 * @throws OptionError with the path of the first wrong option.
 */
export function patchFetch(options: UpstreamOptions, earlier: unknown): Patch {
  const version = process.versions["undici"];
  const name = version === undefined ? "fetch" : `fetch (undici ${version})`;
  const dispatcher = new ReissueDispatcher(options);
  if (earlier !== undefined) return { name, leftAlone: "another dispatcher was set before" };
  if (!knownMajors.includes(version?.split(".")[0])) {
    return { name, leftAlone: "its version is not known" };
  }
  setGlobalDispatcher(dispatcher);
  return { name, leftAlone: null };
}
