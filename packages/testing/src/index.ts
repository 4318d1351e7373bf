export type { Arrival, Closing, Fault, FaultName, Moment } from "./faulty-upstream/faults/fault.ts";
export { faultNames } from "./faulty-upstream/faults/fault.ts";
export type { FaultRule, FaultSelector } from "./faulty-upstream/faults/fault-plan.ts";
export { faultyUpstream } from "./faulty-upstream/faulty-upstream.ts";
export type { ReceivedRequest } from "./faulty-upstream/http/received-request.ts";
export { headerValue, type HeaderPair } from "./faulty-upstream/http/request-head.ts";
export type { UpstreamResponse } from "./faulty-upstream/http/response.ts";
export { seededRandom } from "./clock/seeded-random.ts";
export type { FaultyUpstream, UpstreamStats } from "./faulty-upstream/upstream-api.ts";
export type { FaultyUpstreamOptions } from "./faulty-upstream/upstream-options.ts";
export type {
  AdapterCall,
  AdapterCase,
  AdapterHarness,
  AdapterIdempotency,
  AdapterService,
  StartedService,
} from "./adapter-conformance/adapter-case.ts";
export { deduplicationConformance } from "./adapter-conformance/deduplication-conformance.ts";
export type { StoreCase, StoreHarness } from "./store-conformance/store-case.ts";
export { storeConformance } from "./store-conformance/store-conformance.ts";
export { manualClock, type ManualClock, type ManualClockOptions } from "./clock/manual-clock.ts";
export {
  spawnFaultyUpstream,
  type SpawnedFaultRule,
  type SpawnedUpstream,
  type SpawnedUpstreamOptions,
} from "./spawn/spawn.ts";
export type { MockReply, MockResponse } from "./mock-upstream/mock-response.ts";
export type { MockReplies } from "./mock-upstream/mock-route.ts";
export {
  mockUpstream,
  type MockUpstream,
  type MockUpstreamOptions,
  type RouteFault,
} from "./mock-upstream/mock-upstream.ts";
export type { SentExpectation } from "./mock-upstream/sent-expectation.ts";
export type { SentRequest } from "./mock-upstream/sent-request.ts";
