export { reissue, type ReissueOptions } from "./plugin.ts";
export { claimOf, drain, keepAlive, memoryStore, type RouteOptions } from "@reissue/server";
