import type { ClientKind } from "./client-kind.ts";
import { claimCounts, type ClaimCounts } from "./idempotency-event.ts";
import type { OriginStats } from "./origin-stats.ts";

/** Number of origins that are counted apart, as many as a client remembers. */
export const maxCountedOrigins = 512;

/** Name under which all origins beyond the first {@link maxCountedOrigins} are counted. */
export const otherOrigin = "_OTHER";

/** Counts of one origin over all clients of one kind in the process. */
export interface OriginCounts {
  readonly client: ClientKind;
  /** URL origin, such as `http://orders:3000`. */
  readonly origin: string;
  /** Requests, each counted once. */
  requests: number;
  /** Sends. */
  attempts: number;
}

/** Counts of all gates and servers of the process. */
export interface ProcessGates {
  requests: number;
  timeouts: number;
  readonly claims: ClaimCounts;
  /** Servers that are draining now. */
  draining: number;
}

/** A client or an agent whose present state metrics show. */
export interface OriginSource {
  readonly client: ClientKind;
  stats(): { readonly origins: Readonly<Record<string, OriginStats>> };
}

/** Counts that the copies of this package in a process share; the number changes when the shape does. */
interface ProcessCounts {
  readonly origins: Map<string, OriginCounts>;
  /** Weak, so that a client that is no longer used is not kept alive by being observed. */
  readonly sources: Set<WeakRef<OriginSource>>;
  readonly gates: ProcessGates;
}

const slot = Symbol.for("reissue.counts.1");

const counts: ProcessCounts = ((globalThis as { [slot]?: ProcessCounts })[slot] ??= {
  origins: new Map(),
  sources: new Set(),
  gates: { requests: 0, timeouts: 0, claims: claimCounts(), draining: 0 },
});

const unused = new FinalizationRegistry<WeakRef<OriginSource>>((source) => {
  counts.sources.delete(source);
});

/** Counts of all gates and servers of the process. */
export const processGates: ProcessGates = counts.gates;

/** Counts of every origin that the process has called. */
export function allOriginCounts(): Iterable<OriginCounts> {
  return counts.origins.values();
}

/** Counts of one origin: one object for all clients of a kind. */
export function originCounts(client: ClientKind, origin: string): OriginCounts {
  const key = `${client} ${origin}`;
  const existing = counts.origins.get(key);
  if (existing !== undefined) return existing;
  const isFull = counts.origins.size >= maxCountedOrigins;
  if (isFull && origin !== otherOrigin) return originCounts(client, otherOrigin);
  const created = { client, origin, requests: 0, attempts: 0 };
  counts.origins.set(key, created);
  return created;
}

/** Has metrics show the state of a client or an agent, for as long as that is used. */
export function addOriginSource(source: OriginSource): void {
  const ref = new WeakRef(source);
  counts.sources.add(ref);
  unused.register(source, ref);
}

/** Clients and agents of the process that are still used. */
export function originSources(): OriginSource[] {
  return [...counts.sources].flatMap((ref) => ref.deref() ?? []);
}
