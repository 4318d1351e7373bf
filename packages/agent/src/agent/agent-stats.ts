import type { BreakerState, ConnectionStats, OriginStats } from "@reissue/core";

import type { NodeAgent } from "../node-internals.ts";
import type { AgentOrigin } from "../origin/agent-origin.ts";

/** Snapshot of an agent. */
export interface AgentStats {
  /** Origins that requests were sent to, by URL origin such as `http://orders:3000`. */
  readonly origins: Readonly<Record<string, OriginStats>>;
}

/** Takes a snapshot of an agent's origins; those that differ only in TLS options or a local address are one. */
export function statsOf(agent: NodeAgent, origins: Iterable<AgentOrigin>): AgentStats {
  const byName: Record<string, OriginStats> = {};
  for (const origin of origins) {
    const stats = origin.statsWith(connectionsOf(agent, origin));
    const other = byName[origin.name];
    byName[origin.name] = other === undefined ? stats : merged(other, stats);
  }
  return { origins: byName };
}

function connectionsOf(agent: NodeAgent, { key, waiting }: AgentOrigin): ConnectionStats {
  return {
    idle: agent.freeSockets[key]?.length ?? 0,
    busy: agent.sockets[key]?.length ?? 0,
    waiting: (agent.requests[key]?.length ?? 0) + waiting.size,
  };
}

/** From the state that serves requests best to the one that serves them worst. */
const breakerStates: readonly BreakerState[] = ["closed", "half-open", "open"];

function merged(one: OriginStats, other: OriginStats): OriginStats {
  const worse = Math.max(breakerStates.indexOf(one.breaker), breakerStates.indexOf(other.breaker));
  return {
    connections: added(one.connections, other.connections),
    requests: one.requests + other.requests,
    resends: added(one.resends, other.resends),
    giveUps: added(one.giveUps, other.giveUps),
    healed: one.healed + other.healed,
    idleLimitMs: Math.min(one.idleLimitMs, other.idleLimitMs),
    breaker: breakerStates[worse]!,
    budgetLeft: one.budgetLeft + other.budgetLeft,
    staleBudgetLeft: one.staleBudgetLeft + other.staleBudgetLeft,
  };
}

function added<Counts extends object>(one: Counts, other: Counts): Counts {
  const sums = { ...one } as Record<string, number>;
  for (const [name, value] of Object.entries(other)) sums[name]! += value as number;
  return sums as Counts;
}
