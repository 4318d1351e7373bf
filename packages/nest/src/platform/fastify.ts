import type { IncomingMessage, ServerResponse } from "node:http";

import {
  admit,
  applyRoute,
  deferContext,
  getContext,
  handlerEnded,
  openContext,
  type Framework,
  type GateBinding,
  type RouteConfig,
} from "@reissue/server/internal";

import { flushHeaders, leaveAlone } from "../exchange.ts";
import { ownRoute, routeSlot, someRouteHasKeyRule } from "../route/metadata.ts";
import { boundUpstream } from "../upstream.ts";

/** A request of Fastify 4 or 5. */
interface Request {
  readonly raw: IncomingMessage;
  readonly routeOptions: { readonly config: Config };
}

/** A reply of Fastify. */
interface Reply {
  readonly raw: ServerResponse;
  readonly sent: boolean;
  send(payload: unknown): unknown;
}

/** The config of a route, in which its requests find its options. */
interface Config {
  [routeSlot]?: Partial<RouteConfig> | undefined;
}

type Handler = (this: unknown, request: Request, reply: Reply) => unknown;

interface Route {
  config?: Config;
  handler: Handler;
}

type Done = (error?: Error) => void;

/** The members of an instance of Fastify 4 or 5 that are used. */
interface Instance {
  decorateRequest(name: string, accessor: { getter(this: Request): unknown }): unknown;
  addHook(name: "onRoute", hook: (route: Route) => void): unknown;
  addHook(name: "onRequest", hook: (request: Request, reply: Reply, done: Done) => void): unknown;
}

/** Puts the gate into an instance of Fastify, before the routes of the application: bodies are parsed after its hook. */
export function installInFastify(instance: Instance, binding: GateBinding): void {
  const hasTimeout = binding.settings.route.timeoutMs !== Infinity;

  instance.decorateRequest("upstream", {
    getter() {
      return boundUpstream(this);
    },
  });

  instance.addHook("onRoute", function reissueRoute(route) {
    // The application's own `@RouteConfig()` may have taken the place of the metadata that becomes the config.
    const options = route.config?.[routeSlot] ?? ownRoute(route.handler);
    if (options !== undefined) route.config = { ...route.config, [routeSlot]: options };
    if (hasTimeout) route.handler = withEnd(route.handler);
  });

  instance.addHook("onRequest", function reissueRequest(request, reply, done) {
    const { raw } = request;
    if (deferContext(raw, reply.raw, binding, request)) return done();
    const route = someRouteHasKeyRule() ? request.routeOptions.config[routeSlot] : undefined;
    if (route !== undefined) applyRoute(raw, route);
    void admit(openContext(raw, reply.raw, binding, request), fastify, done, reply);
  });
}

/** Fastify's part in admitting a request, in an onRequest hook. */
const fastify: Framework<Done, Reply, void> = {
  run: (done) => done(),
  fail: (error, done) => done(error as Error),
  runWithTimeout(start, _done, reply, context) {
    context.startTimeout((error) => {
      if (!reply.sent) reply.send(error);
    });
    return start();
  },
  beforeReplay: flushHeaders,
  skip: leaveAlone,
};

/** Wraps a handler whose response may be sent by a timeout, which its end then settles. */
function withEnd(handler: Handler): Handler {
  return async function reissueHandler(request, reply) {
    try {
      return await handler.call(this, request, reply);
    } finally {
      if (getContext(request.raw)?.timedOut === true) handlerEnded(request.raw);
    }
  };
}
