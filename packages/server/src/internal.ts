/**
 * What only the packages of Reissue itself import: outside semantic versioning, and changed without notice.
 *
 * @internal
 */
export { deduplicate } from "./idempotency/deduplicate.ts";
export { escape, type Escaped } from "./errors/handle-error.ts";
export { gateKeys, gateSettings, type GateSettings } from "./config/gate-config.ts";
export { InboundRequest } from "./request/request-context.ts";
export type { Bindable } from "./outbound/bindable.ts";
export { giveUpstream, lazyUpstream } from "./outbound/upstream-property.ts";
export { mute } from "./errors/mute-response.ts";
export { passes } from "./request/deferred-context.ts";
export { respond } from "./errors/send-error.ts";
export { routeSettings, type RouteSettings } from "./config/route-config.ts";
export { upstreamHolder, type UpstreamHolder } from "./outbound/upstream-source.ts";
