import type { ReissueAgentOptions } from "@reissue/agent";
import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";
import type { UpstreamOptions } from "@reissue/upstream";

/** What a process says about its outbound calls: over node:http, and over built-in fetch. */
export interface Settings {
  readonly agent: ReissueAgentOptions;
  readonly upstream: UpstreamOptions;
}

/** Variables that switch this package off, or name its file; they are no options. */
const ownVariables = ["REISSUE_DISABLE", "REISSUE_CONFIG", "REISSUE_QUIET"];

type Environment = Readonly<Record<string, string | undefined>>;

/** What each variable says, to both kinds of clients alike. */
const variables: Readonly<Record<string, (text: string, name: string) => Shared>> = {
  REISSUE_IDLE_MS: (text, name) => ({ idleMs: numberOf(text, name) }),
  REISSUE_UNSAFE_IDLE_MS: (text, name) => ({ unsafeIdleMs: numberOf(text, name) }),
  REISSUE_MAX_ATTEMPTS: (text, name) => ({ retry: { maxAttempts: numberOf(text, name) } }),
  REISSUE_UNSENT_WINDOW_MS: (text, name) => ({ retry: { unsentWindowMs: numberOf(text, name) } }),
  REISSUE_TOTAL_TIMEOUT_MS: (text, name) => ({ retry: { totalTimeoutMs: numberOf(text, name) } }),
};

/** Options that mean the same to both kinds of clients. */
interface Shared {
  readonly idleMs?: number;
  readonly unsafeIdleMs?: number;
  readonly retry?: {
    readonly maxAttempts?: number;
    readonly unsentWindowMs?: number;
    readonly totalTimeoutMs?: number;
  };
}

/** The names of the variables that are options. */
export const variableNames: readonly string[] = Object.keys(variables);

/** Variables that begin like ours and are none: probably mistyped. */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = new Set([...ownVariables, ...variableNames]);
  return Object.keys(environment).filter((name) => name.startsWith("REISSUE_") && !known.has(name));
}

/**
 * Lays the variables of the environment over settings.
 *
 * @throws {@link OptionError} with the name of the first wrong variable.
 */
export function withEnvironment(settings: Settings, environment: Environment): Settings {
  let { agent, upstream } = settings;
  for (const [name, read] of Object.entries(variables)) {
    const text = environment[name];
    if (text === undefined || text === "") continue;
    const { retry, ...rest } = read(text, name);
    agent = { ...agent, ...rest, ...(retry && { retry: { ...agent.retry, ...retry } }) };
    upstream = {
      ...upstream,
      ...rest,
      ...(retry && { retry: { ...upstream.retry, ...retry } }),
    };
  }
  return { agent, upstream };
}

function numberOf(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() !== "" && !Number.isNaN(value)) return value;
  throw new OptionError(name, `must be a number, got ${describe(text)}`);
}
