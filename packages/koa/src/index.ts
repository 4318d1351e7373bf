export { reissue, route, type Gate, type Middleware, type ReissueOptions } from "./gate.ts";
export { drain, keepAlive, type RouteOptions } from "@reissue/server";
