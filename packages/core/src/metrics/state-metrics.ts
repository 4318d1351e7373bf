import type { BreakerState } from "../connection/connect-breaker.ts";
import type { OriginStats } from "../diagnostics/origin-stats.ts";
import {
  allOriginCounts,
  originCounts,
  originSources,
  processGates,
  type OriginCounts,
} from "../diagnostics/process-counts.ts";
import type { MetricKey } from "./metric-table.ts";
import type { MetricLabel, MetricLabels } from "./metric.ts";
import { originLabels } from "./origin-labels.ts";

/** One value of a metric that is read when metrics are collected. */
export interface Reading {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** Clients of the process that have called one origin, as they are now. */
interface CalledOrigin {
  readonly labels: MetricLabels;
  readonly clients: readonly OriginStats[];
}

/** Metrics of the process: totals, and what its gates and servers do now. */
const ofProcess: Partial<Record<MetricKey, () => Reading[]>> = {
  requests: () => ofOrigins(({ requests }) => requests),
  attempts: () => ofOrigins(({ attempts }) => attempts),
  gateRequests: () => unlabelled(processGates.requests),
  gateTimeouts: () => unlabelled(processGates.timeouts),
  keyedRuns: () => unlabelled(processGates.claims.runs),
  idempotencyEvents: () => split({}, "reissue.idempotency.event", processGates.claims.events),
  draining: () => unlabelled(processGates.draining),
};

/** Metrics of the present clients and agents, for one origin. */
const ofClients: Partial<Record<MetricKey, (origin: CalledOrigin) => Reading[]>> = {
  connections: ({ labels, clients }) =>
    split(labels, "reissue.connection.state", {
      idle: sum(clients, ({ connections }) => connections.idle),
      busy: sum(clients, ({ connections }) => connections.busy),
    }),
  waitingRequests: ({ labels, clients }) => [
    { labels, value: sum(clients, ({ connections }) => connections.waiting) },
  ],
  idleLimitSeconds: ({ labels, clients }) => [
    { labels, value: Math.min(...clients.map(({ idleLimitMs }) => idleLimitMs)) / 1000 },
  ],
  budgetLeft: ({ labels, clients }) =>
    split(labels, "reissue.budget", {
      retry: sum(clients, ({ budgetLeft }) => budgetLeft),
      stale: sum(clients, ({ staleBudgetLeft }) => staleBudgetLeft),
    }),
  breakers: ({ labels, clients }) => {
    const counts: Record<BreakerState, number> = { closed: 0, open: 0, "half-open": 0 };
    for (const { breaker } of clients) counts[breaker] += 1;
    return split(labels, "reissue.breaker.state", counts);
  },
};

/**
 * Reads a metric that is not counted event by event: a total of the process, or the present state of its clients, agents,
 * gates and servers.
 *
 * @returns its values; none for a metric that is counted event by event.
 */
export function readState(key: MetricKey): Reading[] {
  const read = ofClients[key];
  return read === undefined ? (ofProcess[key]?.() ?? []) : calledOrigins().flatMap(read);
}

function ofOrigins(pick: (counts: OriginCounts) => number): Reading[] {
  return Array.from(allOriginCounts(), (counts) => ({
    labels: originLabels(counts),
    value: pick(counts),
  }));
}

function unlabelled(value: number): Reading[] {
  return [{ labels: {}, value }];
}

/** One reading for each value of a label. */
function split(
  labels: MetricLabels,
  label: MetricLabel,
  values: Readonly<Record<string, number>>,
): Reading[] {
  return Object.entries(values).map(([name, value]) => ({
    labels: { ...labels, [label]: name },
    value,
  }));
}

function sum(clients: readonly OriginStats[], pick: (stats: OriginStats) => number): number {
  return clients.reduce((total, stats) => total + pick(stats), 0);
}

function calledOrigins(): CalledOrigin[] {
  const found = new Map<MetricLabels, OriginStats[]>();
  for (const source of originSources()) {
    for (const [origin, stats] of Object.entries(source.stats().origins)) {
      const labels = originLabels(originCounts(source.client, origin));
      const others = found.get(labels);
      if (others === undefined) found.set(labels, [stats]);
      else others.push(stats);
    }
  }
  return Array.from(found, ([labels, clients]) => ({ labels, clients }));
}
