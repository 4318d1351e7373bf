/**
 * Exports for the packages of Reissue itself: outside semantic versioning, and changed without notice.
 *
 * @internal
 */
export { admit, type Framework } from "./gate.ts";
export { showCauses } from "./errors/show-causes.ts";
export { handleError, type Escaped } from "./errors/handle-error.ts";
export { translate } from "./errors/translate.ts";
export { gateConfig, gateTable, type GateConfig } from "./config/gate-config.ts";
export type { RequestContext } from "./request/request-context.ts";
export type { Bindable } from "./outbound/bindable.ts";
export { defineUpstream, upstreamProperty } from "./outbound/upstream-property.ts";
export { LateGate, LatestGate } from "./misuse/late-gate.ts";
export { muteResponse } from "./errors/mute-response.ts";
export {
  applyRoute,
  deferContext,
  getContext,
  getOrCreateContext,
  handlerEnded,
  openContext,
  type GateBinding,
} from "./request/request-registry.ts";
export { frameworkPrototype } from "./request/framework-prototype.ts";
export { removeContentHeaders, sendError } from "./errors/send-error.ts";
export { routeConfig, routeTable, type RouteConfig } from "./config/route-config.ts";
export { upstreamSource, type UpstreamHolder } from "./outbound/upstream-source.ts";
export { keyTable, recordTable } from "./config/idempotency-config.ts";
