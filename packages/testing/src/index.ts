export type { Arrival, Closing, Fault, FaultName, Moment } from "./fault.ts";
export { faultNames } from "./fault.ts";
export type { FaultRule, FaultSelector } from "./fault-plan.ts";
export { faultyUpstream } from "./faulty-upstream.ts";
export type { ReceivedRequest } from "./received-request.ts";
export { headerValue, type HeaderPair } from "./request-head.ts";
export type { UpstreamResponse } from "./response.ts";
export { seededRandom } from "./seeded-random.ts";
export type { FaultyUpstream, UpstreamStats } from "./upstream-api.ts";
export type { FaultyUpstreamOptions } from "./upstream-options.ts";
export type {
  AdapterCall,
  AdapterCase,
  AdapterHarness,
  AdapterIdempotency,
  AdapterService,
  StartedService,
} from "./adapter-case.ts";
export { deduplicationConformance } from "./deduplication-conformance.ts";
export type { StoreCase, StoreHarness } from "./store-case.ts";
export { storeConformance } from "./store-conformance.ts";
export { manualClock, type ManualClock, type ManualClockOptions } from "./manual-clock.ts";
export {
  spawnFaultyUpstream,
  type SpawnedFaultRule,
  type SpawnedUpstream,
  type SpawnedUpstreamOptions,
} from "./spawn.ts";
