import { OptionError } from "@reissue/core";
import type { GateOptions, GateStats, RouteOptions as ReissueRoute } from "@reissue/server";
import {
  admit,
  gateConfig,
  type GateConfig,
  applyRoute,
  getContext,
  getOrCreateContext,
  openContext,
  removeContentHeaders,
  type Framework,
  type RequestContext,
  deferContext,
  sendError,
  routeConfig,
  translate,
  upstreamSource,
  type RouteConfig,
} from "@reissue/server/internal";
import type { BoundUpstream, Upstream, UpstreamOptions } from "@reissue/upstream";
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RegisterOptions,
} from "fastify";
import fp from "fastify-plugin";

import { createUpstream } from "@reissue/upstream/lazy";
import { withErrorHandling, withTranslation } from "./errors.ts";
import { watchRunning } from "./handler-timeout.ts";
import { watchNotFound } from "./not-found.ts";
import { setReplyHeaders } from "./reply-headers.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The outbound client, bound to this request: its deadline, its route's opt-in, its client's disconnect. */
    readonly upstream: BoundUpstream;
  }
  interface FastifyInstance {
    /** What Reissue offers to code that responds to errors itself. */
    readonly reissue: ReissueInstance;
  }
  interface FastifyContextConfig {
    /** Options of this route. */
    // Not under the name RouteOptions, which is Fastify's own here where a plugin extends it.
    reissue?: ReissueRoute | undefined;
  }
}

/** Options of {@link reissue}. */
export interface ReissueOptions extends GateOptions<FastifyRequest> {
  /**
   * The client behind `request.upstream`: an open client, which you close, or options for a client that is closed with the
   * server.
   *
   * @defaultValue a client with every default, opened at the first use of `request.upstream`
   */
  readonly upstream?: Upstream | UpstreamOptions | undefined;
}

/** Functions of the plugin, as `app.reissue`. */
export interface ReissueInstance {
  /**
   * Translates an error for code that responds to errors itself, such as a GraphQL server, and never throws them.
   *
   * @returns the error to respond with, with `status`, `headers` and a message for clients, or the same value where
   * Reissue has no response to it.
   */
  translate(error: unknown, request: FastifyRequest, reply: FastifyReply): unknown;
  /** Takes a snapshot of the plugin: requests, keys, timeouts, translated errors. */
  stats(): GateStats;
}

/**
 * Puts `request.upstream` on every request, and responds to its failures with 502, 503 or 504 only where a replay is safe.
 *
 * Register the plugin, and await that, before the routes and the not-found handlers that it is for. Fastify does not show
 * earlier routes to a plugin: a process warning names the first one that gets a request, and no earlier not-found handler. Your
 * own error handlers, of any scope, get the translated error.
 *
 * @example
 * ```js
 * await app.register(reissue);
 * const config = { reissue: { retryOn: ["ECONNRESET"] } };
 * app.post("/orders/:id/confirm", { config }, async (request) => {
 *   const path = `/orders/${request.params.id}/confirm`;
 *   const order = await request.upstream(`http://orders:3000${path}`, { method: "POST" });
 *   return order.json();
 * });
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export const reissue: FastifyPluginAsync<ReissueOptions> = fp(plugin, {
  fastify: ">=5",
  name: "@reissue/fastify",
});

/** The slot of a route's options in its Fastify config, which its requests can read; null for no options. */
const routeSlot = Symbol("reissue.route");

interface Config {
  [routeSlot]?: Partial<RouteConfig> | null;
}

/** The options of a request's route; undefined where the route was declared before the plugin, or there is none. */
function routeOf({ routeOptions }: FastifyRequest): Config[typeof routeSlot] {
  return (routeOptions.config as Config)[routeSlot];
}

async function plugin(fastify: FastifyInstance, options: ReissueOptions): Promise<void> {
  if ((options as unknown) === undefined)
    throw new OptionError("reissue", "is the plugin itself: write app.register(reissue, options)");
  const settings = gateConfig(withoutFastifyOptions(options), ["upstream"]);
  const upstream = upstreamSource<Upstream, UpstreamOptions>(
    options.upstream,
    createUpstream,
    options.validate,
  );
  const binding = { settings, client: upstream.get };
  // perf: false while no route has options, since `request.routeOptions` creates an object with eleven properties
  let readsRoute = fastify.printRoutes() !== "(empty tree)";

  /** The context of a request that has failed; created now where a hook before Reissue's has failed. */
  function contextOf(request: FastifyRequest, reply: FastifyReply): RequestContext {
    const context = getContext(request.raw);
    if (context !== null) return context;
    const route = routeOf(request);
    if (route) applyRoute(request.raw, route);
    return getOrCreateContext(request.raw, reply.raw, settings, request);
  }

  fastify.decorateRequest("upstream", {
    getter(this: FastifyRequest): BoundUpstream {
      const context = getContext(this.raw);
      if (context === null) {
        throw new Error("request.upstream is available from Reissue's onRequest hook on");
      }
      return context.bind(upstream.get());
    },
  });

  fastify.decorate("reissue", {
    translate: (error, request, reply) => translate(error, contextOf(request, reply)),
    stats: () => settings.counts.stats,
  });

  fastify.addHook("onRoute", function reissueRoute(route) {
    const { method, url, config } = route;
    const name = `${[method].flat().join(", ")} ${url}`;
    const options = config?.reissue;
    const path = `config.reissue of ${name}`;
    const settings = options == null ? null : routeConfig(options, path);
    if (settings !== null) readsRoute = true;
    const own: FastifyContextConfig & Config = { ...config, [routeSlot]: settings };
    route.config = own;
    const handler = watchRunning(route.handler, route, fastify.initialConfig as object);
    route.handler = withErrorHandling(handler, contextOf);
    route.errorHandler = withTranslation(route.errorHandler, contextOf);
  });
  watchNotFound(fastify, contextOf);

  fastify.addHook("onRequest", function reissueRequest(request, reply, done) {
    const route = readsRoute ? routeOf(request) : null;
    if (route === undefined && !request.is404) warnOfEarlyRoute(request, settings);
    if (!route && deferContext(request.raw, reply.raw, binding, request)) return done();
    const context = openContext(request.raw, reply.raw, binding, request);
    if (route) context.applyRoute(route);
    void admit(context, framework, done, reply);
  });

  fastify.addHook("onClose", upstream.close);
}

/** Fastify's part in admitting a request, in an onRequest hook. */
const framework: Framework<(error?: Error) => void, FastifyReply, void> = {
  run: (done) => done(),
  fail: (error, done) => done(error as Error),
  runWithTimeout(start, _done, reply, context) {
    context.startTimeout((error) => expire(error, context, reply));
    stopTimeoutAtSend(context, reply);
    return start();
  },
  // Headers that other plugins have set by now belong to a replay too.
  beforeReplay: setReplyHeaders,
  // Not before the replay was written, or Fastify would leave an error without a response.
  skip: (reply) => void reply.hijack(),
};

/** Removes the options that Fastify itself reads from every plugin's. */
function withoutFastifyOptions(options: ReissueOptions & RegisterOptions): ReissueOptions {
  const { prefix: _prefix, logLevel: _level, logSerializers: _serializers, ...own } = options;
  return own;
}

/**
 * Ends a request's timeout once its response is sent: the hooks of other plugins may then take as long as they need. No
 * onSend hook, which would cost requests without a timeout too.
 */
function stopTimeoutAtSend(context: RequestContext, reply: FastifyReply): void {
  const send = reply.send.bind(reply);
  reply.send = function reissueSend(...payload) {
    context.stopTimeout();
    return send(...payload);
  };
}

/** Has the error handler of a request respond to its expired timeout. */
function expire(error: Error, { gate }: RequestContext, reply: FastifyReply): void {
  if (reply.sent) undoHijack(reply);
  if (!reply.sent) return void reply.send(error);
  reply.log.error({ err: error }, error.message);
  sendError(reply.raw, error, gate.problemDetails);
}

/**
 * Undoes the hijacking of a reply whose handler has not begun to respond: Fastify would send nothing, and call neither
 * hooks nor error handlers. Only by a symbol that Fastify does not export.
 */
function undoHijack(reply: FastifyReply): void {
  const isHijacked = Object.getOwnPropertySymbols(reply).find(
    ({ description }) => description === "fastify.reply.hijacked",
  );
  if (isHijacked === undefined) return;
  Object.assign(reply, { [isHijacked]: false });
  removeContentHeaders(reply.raw);
}

function warnOfEarlyRoute(
  { routeOptions: { method, url } }: FastifyRequest,
  { warnings }: GateConfig,
): void {
  const name = `${[method].flat().join(", ")} ${url}`;
  warnings.report(
    "gateAfterRoutes",
    `${name} was declared before @reissue/fastify was registered: its errors are not translated. Register the plugin, and await that, before the routes.`,
  );
}
