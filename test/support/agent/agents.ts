import type { Agent, AgentOptions } from "node:http";

import { HttpAgent, type HttpAgentOptions, type ReissueAgentOptions } from "@reissue/agent";
import { manualClock } from "@reissue/testing";
import { onTestFinished } from "vitest";

/**
 * An agent that is destroyed when the test is over. Its time stands still unless it is given a clock: on a busy machine a
 * death would come late, and back-offs are not waited for.
 */
export function agentWith(reissue: ReissueAgentOptions = {}, options: AgentOptions = {}): Agent {
  const own = { clock: manualClock(), ...reissue };
  return kept(new HttpAgent({ ...options, reissue: own } satisfies HttpAgentOptions));
}

/** Has an agent destroyed when the test is over. */
export function kept<Kept extends Agent>(agent: Kept): Kept {
  onTestFinished(() => agent.destroy());
  return agent;
}
