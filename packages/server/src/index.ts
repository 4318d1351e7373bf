export { memoryStore, type MemoryStoreOptions } from "@reissue/core";

export { balancerIdleMs, type Balancer } from "./lifecycle/balancers.ts";
export { claimOf } from "./request/claim-of.ts";
export { deduplicate } from "./idempotency/deduplicate.ts";
export type { Keep, KeepableResponse } from "./idempotency/keep.ts";
export type { Fingerprint } from "./idempotency/own-fingerprint.ts";
export { drain, type DrainableServer, type Drained, type DrainOptions } from "./lifecycle/drain.ts";
export { escape, type Escaped } from "./errors/handle-error.ts";
export {
  gateKeys,
  gateSettings,
  type GateOptions,
  type GateSettings,
} from "./config/gate-config.ts";
export type { IdempotencyOptions } from "./config/idempotency-config.ts";
export { InboundRequest } from "./request/request-context.ts";
export type { Bindable, OutboundContext } from "./outbound-context.ts";
export { keepAlive, type HttpServer, type KeepAliveOptions } from "./lifecycle/keep-alive.ts";
export { giveUpstream, lazyUpstream } from "./outbound/upstream-property.ts";
export { mute } from "./errors/mute-response.ts";
export { handler, type HandlerOptions, type Listener } from "./node-handler.ts";
export { passes } from "./request/deferred-context.ts";
export { problemDetails, type ProblemDetails } from "./errors/problem-details.ts";
export { respond } from "./errors/send-error.ts";
export {
  routeSettings,
  type KeyRule,
  type RouteOptions,
  type RouteSettings,
} from "./config/route-config.ts";
export type { Scope } from "./config/scope.ts";
export { upstreamHolder, type UpstreamHolder } from "./outbound/upstream-source.ts";
