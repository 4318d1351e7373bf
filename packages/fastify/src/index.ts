export { reissue, reissue as default, type ReissueOptions } from "./plugin.ts";
export { drain, keepAlive, type RouteOptions } from "@reissue/server";
