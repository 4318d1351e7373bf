export { memoryStore, type MemoryStoreOptions } from "@reissue/core";

export { balancerIdleMs, type Balancer } from "./balancers.ts";
export { claimOf } from "./claim-of.ts";
export { deduplicate } from "./deduplication/deduplicate.ts";
export type { Keep, KeepableResponse } from "./deduplication/keep.ts";
export type { Fingerprint } from "./deduplication/own-fingerprint.ts";
export { drain, type DrainableServer, type Drained, type DrainOptions } from "./drain.ts";
export { escape, type Escaped } from "./escape.ts";
export { gateKeys, gateSettings, type GateOptions, type GateSettings } from "./gate-settings.ts";
export type { IdempotencyOptions } from "./idempotency-settings.ts";
export { InboundRequest } from "./inbound-request.ts";
export type { Bindable, OutboundContext } from "./outbound-context.ts";
export { keepAlive, type HttpServer, type KeepAliveOptions } from "./keep-alive.ts";
export { giveUpstream, lazyUpstream } from "./lazy-upstream.ts";
export { mute } from "./mute.ts";
export { handler, type HandlerOptions, type Listener } from "./node-handler.ts";
export { passes } from "./passage.ts";
export { problemDetails, type ProblemDetails } from "./problem-details.ts";
export { respond } from "./respond.ts";
export {
  routeSettings,
  type KeyRule,
  type RouteOptions,
  type RouteSettings,
} from "./route-settings.ts";
export type { Scope } from "./scope.ts";
export { upstreamHolder, type UpstreamHolder } from "./upstream-holder.ts";
