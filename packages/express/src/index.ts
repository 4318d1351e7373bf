export {
  reissue,
  type ErrorTranslator,
  type Gate,
  type Middleware,
  type Next,
  type ReissueOptions,
} from "./gate.ts";
export { claimOf, drain, keepAlive, memoryStore, type RouteOptions } from "@reissue/server";
