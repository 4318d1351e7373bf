import type { Agent, AgentOptions } from "node:http";

import { HttpAgent, type HttpAgentOptions, type ReissueAgentOptions } from "@reissue/agent";
import { onTestFinished } from "vitest";

/** An agent that is destroyed when the test is over. */
export function agentWith(reissue: ReissueAgentOptions = {}, options: AgentOptions = {}): Agent {
  return kept(new HttpAgent({ ...options, reissue } satisfies HttpAgentOptions));
}

/** Has an agent destroyed when the test is over. */
export function kept<Kept extends Agent>(agent: Kept): Kept {
  onTestFinished(() => agent.destroy());
  return agent;
}
