import type { RouteConfig } from "@reissue/server/internal";

/** Metadata in which a handler has the options of its routes. Nest copies it to the listeners that it registers. */
const routeKey = "reissue:route";

/** Metadata in which Nest has the path of a handler. */
const pathKey = "path";

/** Metadata that Nest passes to Fastify as the config of a route, that of `@RouteConfig()`. */
const fastifyKey = "__fastify_route_config__";

/** The slot of a route's options in its Fastify config. */
export const routeSlot: unique symbol = Symbol("reissue.route");

let hasRules = false;

/** Whether a route of this process has its own rule for keys, which a gate has to know before it reads a body. */
export function someRouteHasKeyRule(): boolean {
  return hasRules;
}

/**
 * Adds options to those that a handler has.
 *
 * @param rank - Whether the added options win, or are those of its class, which do not.
 */
export function addRoute(
  handler: object,
  route: Partial<RouteConfig>,
  rank: "own" | "default" = "own",
): void {
  if (route.idempotencyKey !== undefined) hasRules = true;
  const existing = ownRoute(handler);
  const merged = rank === "own" ? { ...existing, ...route } : { ...route, ...existing };
  Reflect.defineMetadata(routeKey, merged, handler);
  const config = Reflect.getMetadata(fastifyKey, handler) as object | undefined;
  Reflect.defineMetadata(fastifyKey, { ...config, [routeSlot]: merged }, handler);
}

/** The options of a handler, or of a listener that Nest has registered for one; undefined where it has none. */
export function ownRoute(handler: object): Partial<RouteConfig> | undefined {
  return Reflect.getMetadata(routeKey, handler) as Partial<RouteConfig> | undefined;
}

/** Whether a function is a handler, or a listener that Nest has registered for one. */
export function isHandler(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === "function" && Reflect.hasMetadata(pathKey, value);
}
