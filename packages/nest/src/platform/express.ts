import type { IncomingMessage, ServerResponse } from "node:http";

import type { HttpServer } from "@nestjs/common";
import {
  admit,
  applyRoute,
  deferContext,
  defineUpstream,
  openContext,
  upstreamProperty,
  type Framework,
  type GateBinding,
  type RouteConfig,
} from "@reissue/server/internal";

import { acceptsRequest, keepFilters } from "./express-filters.ts";
import { isHandler, ownRoute, someRouteHasKeyRule } from "../route/metadata.ts";

/** Express' `next`. */
type Next = (error?: unknown) => void;

/** A layer of Express' router, of which each middleware and each route has one. */
interface Layer {
  readonly name: string;
  match(path: string): boolean;
  readonly route?: {
    readonly stack: readonly { readonly handle: object }[];
    _handlesMethod?(method: string): boolean;
    _handles_method?(method: string): boolean;
  };
}

/** An application of Express 5 or 4. */
interface Application {
  readonly router: { readonly stack: Layer[] };
  readonly _router?: { readonly stack: Layer[] };
}

/** The names of body-parser's middleware. */
const parsers = ["jsonParser", "rawParser", "textParser", "urlencodedParser"];

/**
 * Puts the gate into an application of Express, before its body parsers, which Nest has registered by now: the gate reads
 * the bytes of keyed requests. What comes before the parsers, such as CORS, stays before the gate too.
 */
export function installInExpress(adapter: HttpServer, binding: GateBinding): void {
  function reissue(req: IncomingMessage, res: ServerResponse, next: Next): void {
    defineUpstream(req, Object.getPrototypeOf(req), lazy);
    if (deferContext(req, res, binding)) return next();
    const route = someRouteHasKeyRule() ? routeOf(req, res, stack) : null;
    if (route !== null) applyRoute(req, route);
    void admit(openContext(req, res, binding), express, next, null);
  }
  keepFilters(adapter);
  adapter.use(reissue);
  const stack = stackOf(adapter.getInstance());
  const first = stack.findIndex(({ name }) => parsers.includes(name));
  const own = stack.pop();
  if (own !== undefined) stack.splice(first === -1 ? stack.length : first, 0, own);
}

const lazy = upstreamProperty((req: IncomingMessage) => req);

/** Express' part in admitting a request. */
const express: Framework<Next, null, void> = {
  run: (next) => next(),
  fail: (error, next) => next(error),
  runWithTimeout(start, next, _exchange, context) {
    context.startTimeout(next);
    return start();
  },
  skip() {},
};

/** Express 4 has another, deprecated property under the name that Express 5 has. */
function stackOf(application: Application): Layer[] {
  return (application._router ?? application.router).stack;
}

/**
 * The options of the handler that a request is going to come to; null where it has none.
 *
 * A middleware of a route has a layer with its path too, before that of the handler.
 */
function routeOf(
  req: IncomingMessage,
  res: ServerResponse,
  stack: readonly Layer[],
): Partial<RouteConfig> | null {
  const [path = "/"] = (req.url ?? "").split("?", 1);
  try {
    for (const layer of stack) {
      if (!isRouteOf(layer, req.method ?? "", path)) continue;
      const listener = layer.route?.stack.find(({ handle }) => isHandler(handle))?.handle;
      if (listener === undefined || !acceptsRequest(listener, req, res)) continue;
      return ownRoute(listener) ?? null;
    }
  } catch {
    // A path that cannot be decoded, or a version that can be extracted only from the parsed body.
  }
  return null;
}

function isRouteOf(layer: Layer, method: string, path: string): boolean {
  const { route } = layer;
  if (route === undefined) return false;
  const handles = route._handlesMethod?.(method) ?? route._handles_method?.(method) ?? false;
  return handles && layer.match(path);
}
