export { reissue, route, type Gate, type Middleware, type ReissueOptions } from "./gate.ts";
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
  Upstream,
  UpstreamInit,
  UpstreamOptions,
  UpstreamRequestOptions,
} from "@reissue/upstream";
