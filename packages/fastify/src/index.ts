export { reissue, type ReissueOptions } from "./plugin.ts";
export { drain, keepAlive, type RouteOptions } from "@reissue/server";
