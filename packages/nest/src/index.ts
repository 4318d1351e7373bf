export { ReissueModule } from "./module.ts";
export type { ReissueAsyncOptions, ReissueOptions, ReissueOptionsFactory } from "./options.ts";
export { GatewayException } from "./gateway-exception.ts";
export { Idempotent, RetryOn } from "./route/decorators.ts";
export { translate } from "./translate.ts";
export { Upstream, UPSTREAM, UPSTREAM_CLIENT } from "./upstream.ts";
export { createUpstream } from "@reissue/upstream/lazy";
export { isReissueError, OptionError, ReissueError, UpstreamError } from "@reissue/core";
export type { AttemptRecord, ErrorCode, GatewayError, IdempotencyStore } from "@reissue/core";
export {
  claimOf,
  drain,
  isDraining,
  keepAlive,
  memoryStore,
  type RouteOptions,
} from "@reissue/server";
export type {
  DrainOptions,
  GateOptions,
  GateStats,
  IdempotencyOptions,
  KeepAliveOptions,
  MemoryStoreOptions,
} from "@reissue/server";
export type {
  BoundUpstream,
  OriginOptions,
  UpstreamInit,
  UpstreamOptions,
  UpstreamRequestOptions,
} from "@reissue/upstream";
