import type { Closing, Fault, FaultName } from "./faults/fault.ts";
import type { FaultRule } from "./faults/fault-plan.ts";
import type { ReceivedRequest } from "./http/received-request.ts";
import type { FaultyUpstreamOptions } from "./upstream-options.ts";

/** Counts of a faulty upstream; those of requests and connections number them and are never cleared. */
export interface UpstreamStats {
  /** Requests whose head arrived, since the upstream was opened. */
  readonly heads: number;
  /** Requests whose head and body arrived whole, processed or not. */
  readonly received: number;
  /** Side effects committed. */
  readonly processed: number;
  /** Connections accepted, since the upstream was opened. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** Connections on which bytes arrived after the upstream had closed: how often the keep-alive race was lost. */
  readonly late: number;
  /** The number of requests that each fault was applied to. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
}

/** A running faulty upstream. */
export interface FaultyUpstream {
  /** The origin, such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  /** The port, which stays the same across restarts. */
  readonly port: number;
  /** How often each request id was processed. */
  readonly effects: ReadonlyMap<string, number>;
  /** Side effects committed. */
  readonly processedCount: number;
  /** Requests whose head and body arrived whole, processed or not. */
  readonly received: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  /** The last requests, oldest first. */
  readonly requests: readonly ReceivedRequest[];
  /** Ids that were processed more than once. */
  duplicates(): string[];
  stats(): UpstreamStats;
  /** Replaces the fault rules; their counts and random draws start again. */
  setFaults(rules: readonly FaultRule[]): void;
  /** Adds a fault rule after the others, whose counts and random draws go on. */
  addFault(rule: FaultRule): void;
  /**
   * Gives the nth request from now on the nth fault, null for none, instead of the rules'; after the last entry the rules
   * apply again.
   */
  script(faults: readonly (Fault | null)[]): void;
  /** Changes the response. */
  setRespond(respond: NonNullable<FaultyUpstreamOptions["respond"]>): void;
  /** Closes idle connections that have served a request, with `unused` also others. @returns their number. */
  killIdle(options?: {
    readonly with?: Closing | undefined;
    readonly unused?: boolean | undefined;
  }): number;
  /** Closes all connections, busy ones too. @returns their number. */
  killAll(options?: { readonly with?: Closing | undefined }): number;
  /**
   * Stops listening, closes all connections, and listens again on the same port `downMs` (default 100) later; joins a
   * restart that is under way.
   */
  restart(options?: {
    readonly downMs?: number | undefined;
    readonly with?: Closing | undefined;
  }): Promise<void>;
  /** Stops listening: new connections are refused, open ones stay. */
  refuse(): Promise<void>;
  /** Listens again. */
  accept(): Promise<void>;
  /**
   * Resolves once a condition holds, which is checked after each arrival, side effect and close.
   *
   * @param timeoutMs - When to reject, in ms. Default 2000.
   */
  until(condition: (stats: UpstreamStats) => boolean, timeoutMs?: number): Promise<void>;
  /** Clears effects, log and counts, except the numbers of requests and connections; faults and script stay. */
  clear(): void;
  /** Closes everything; resolves when no handle remains. */
  close(): Promise<void>;
}
