// Namespaces, and not the default exports, which users' TypeScript only has with esModuleInterop.
import * as http from "node:http";
import * as https from "node:https";
import type { AgentOptions } from "node:http";
import type { AgentOptions as HttpsOptions } from "node:https";

import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";

import {
  agentStateOf,
  defineMethods,
  install,
  isDefined,
  isInstalled,
} from "./agent/agent-methods.ts";
import type { AgentStats } from "./agent/agent-stats.ts";
import { agentConfig, refuseMisplaced, type ReissueAgentOptions } from "./options.ts";

/** What stands beside the options of any agent that {@link withReissue} makes. */
export interface WithReissueOptions {
  /** When and how requests are sent again. */
  readonly reissue?: ReissueAgentOptions | undefined;
}

/** Options of {@link HttpAgent}: those of http.Agent, with `keepAlive` on by default. */
export interface HttpAgentOptions extends AgentOptions, WithReissueOptions {}

/** Options of {@link HttpsAgent}: those of https.Agent, with `keepAlive` on by default. */
export interface HttpsAgentOptions extends HttpsOptions, WithReissueOptions {}

/** Any class of agents. */
// oxlint-disable-next-line typescript/no-explicit-any -- What TypeScript asks of the base of a mixin.
export type AgentClass = new (...args: any[]) => http.Agent;

/** The arguments of an agent's constructor, with `reissue` in its options. */
export type WithReissueArguments<Arguments extends unknown[]> = {
  [Index in keyof Arguments]: Arguments[Index] extends string | URL
    ? Arguments[Index]
    : Arguments[Index] | (NonNullable<Arguments[Index]> & WithReissueOptions);
};

/** The class that {@link withReissue} makes of another. */
export type WithReissue<Base extends AgentClass> = Base &
  (new (...args: WithReissueArguments<ConstructorParameters<Base>>) => InstanceType<Base>);

/**
 * Makes a class of agents that resend from any class of agents: a proxy agent, agentkeepalive, hpagent.
 *
 * Its options take one field more, `reissue`; `keepAlive` is on unless they say otherwise. A class that resends already
 * is returned as it is.
 *
 * @example
 * ```js
 * const Agent = withReissue(HttpsProxyAgent);
 * const agent = new Agent("http://proxy:3128", { reissue: { idleMs: 2000 } });
 * ```
 *
 * @throws {@link OptionError} for what is no class of agents; the class throws it with the path of a wrong option.
 */
export function withReissue<Base extends AgentClass>(Base: Base): WithReissue<Base> {
  if (
    typeof Base !== "function" ||
    !(Base.prototype instanceof http.Agent || Object.is(Base, http.Agent))
  ) {
    throw new OptionError("Base", `must be a class of http.Agent's, got ${describe(Base)}`);
  }
  const base = Base.prototype as object;
  if (isDefined(base)) return Base as WithReissue<Base>;
  const isNodes = base === http.Agent.prototype || base === https.Agent.prototype;
  class ReissueAgent extends Base {
    // oxlint-disable-next-line typescript/no-explicit-any -- As above.
    constructor(...args: any[]) {
      const { own, beside, rest } = splitOptions(args);
      // Another class may have options of these names.
      if (isNodes) refuseMisplaced(beside);
      const config = agentConfig(own);
      super(...rest);
      install(this, base, config);
    }
  }
  defineMethods(ReissueAgent.prototype, base);
  return ReissueAgent as WithReissue<Base>;
}

/**
 * An http.Agent whose requests survive the keep-alive race: one that dies on a reused socket before any response byte is
 * sent again at once on a fresh one, if its method is idempotent, it carries an `Idempotency-Key`, or `policyFor` opted in.
 *
 * @example
 * ```js
 * const client = axios.create({ httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent() });
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export const HttpAgent: new (options?: HttpAgentOptions) => http.Agent = withReissue(http.Agent);

/**
 * The same for https.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export const HttpsAgent: new (options?: HttpsAgentOptions) => https.Agent = withReissue(
  https.Agent,
);

/**
 * Makes an agent that exists resend, such as `http.globalAgent`; the code that uses it need not know.
 *
 * A second call for the same agent checks its options, and changes nothing.
 *
 * @example
 * ```js
 * adopt(http.globalAgent);
 * adopt(https.globalAgent, { idleMs: 2000 });
 * ```
 *
 * @returns the same agent.
 * @throws {@link OptionError} with the path of the first wrong option, or for what is no http.Agent.
 */
export function adopt<Agent extends http.Agent>(
  agent: Agent,
  options?: ReissueAgentOptions,
): Agent {
  if (!isAgent(agent)) {
    throw new OptionError("agent", `must be an http.Agent, got ${describe(agent)}`);
  }
  const config = agentConfig(options);
  if (isInstalled(agent)) return agent;
  const base = Object.getPrototypeOf(agent) as object;
  const prototype = Object.create(base) as object;
  defineMethods(prototype, base);
  Object.setPrototypeOf(agent, prototype);
  install(agent, base, config);
  return agent;
}

/**
 * Takes a snapshot of an agent that resends: for each origin its connections, resends, learned limits and budgets.
 *
 * @example
 * ```js
 * console.log(agentStats(http.globalAgent).origins["http://orders:3000"]);
 * ```
 *
 * @throws {@link OptionError} for an agent that does not resend.
 */
export function agentStats(agent: http.Agent): AgentStats {
  const state = isAgent(agent) ? agentStateOf(agent) : null;
  if (state !== null) return state.stats;
  throw new OptionError("agent", `must be an agent that resends, got ${describe(agent)}`);
}

function isAgent(value: unknown): boolean {
  return value instanceof http.Agent;
}

/** Takes our field out of the options, wherever among the arguments they are, and turns keep-alive on. */
function splitOptions(args: readonly unknown[]): {
  readonly own: ReissueAgentOptions | undefined;
  readonly beside: object;
  readonly rest: unknown[];
} {
  const rest = [...args];
  const at = rest.findLastIndex(
    (each) => typeof each === "object" && each !== null && !(each instanceof URL),
  );
  const { reissue, ...options } = (at === -1 ? {} : rest[at]) as WithReissueOptions & AgentOptions;
  const place = at === -1 ? placeOfNone(rest) : at;
  rest[place] = { ...options, keepAlive: options.keepAlive ?? true };
  return { own: reissue, beside: options, rest };
}

/** Where options belong among arguments without any: in the place of `undefined` or null. */
function placeOfNone(args: readonly unknown[]): number {
  const at = args.findIndex((each) => each == null);
  return at === -1 ? args.length : at;
}
