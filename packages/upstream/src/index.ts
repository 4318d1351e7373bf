export { ReissueDispatcher } from "./dispatcher.ts";
export type { BodyFactory } from "./body/factory-body.ts";
export type { OutboundContext } from "@reissue/core";
export type {
  ConnectionSettings,
  OriginOptions,
  OriginRouteOptions,
  UpstreamOptions,
} from "./config/options.ts";
export type { ReissueDispatchOptions } from "./call/call-request.ts";
export type { UpstreamInit, UpstreamRequestOptions } from "./api/call-types.ts";
export type {
  AttemptEvent,
  GiveUpEvent,
  ResendEvent,
  UpstreamEventMap,
  UpstreamEventName,
  UpstreamListener,
} from "./diagnostics/upstream-events.ts";
export type { ConnectionStats, GiveUpCounts, OriginStats, ResendCounts } from "@reissue/core";
export type { UpstreamStats } from "./diagnostics/upstream-stats.ts";
export { createUpstream, type BoundUpstream, type Upstream } from "./upstream.ts";
export { OptionError, UpstreamError } from "@reissue/core";
