export { reissue, route, type Gate, type Middleware, type ReissueOptions } from "./gate.ts";
export { claimOf, drain, keepAlive, memoryStore, type RouteOptions } from "@reissue/server";
