export {
  reissue,
  type ErrorTranslator,
  type Gate,
  type Middleware,
  type Next,
  type ReissueOptions,
} from "./gate.ts";
export { drain, keepAlive, type RouteOptions } from "@reissue/server";
