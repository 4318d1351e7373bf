import type { GateOptions, RouteOptions as ReissueRoute } from "@reissue/server";
import {
  admit,
  gateConfig,
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
  upstreamSource,
  type RouteConfig,
} from "@reissue/server/internal";
import {
  createUpstream,
  type BoundUpstream,
  type Upstream,
  type UpstreamOptions,
} from "@reissue/upstream";
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyReply,
  FastifyRequest,
  RegisterOptions,
} from "fastify";
import fp from "fastify-plugin";

import { translating, watched } from "./errors.ts";
import { watchNotFound } from "./not-found.ts";
import { setReplyHeaders } from "./reply-headers.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The outbound client, bound to this request: its deadline, its route's opt-in, its client's leaving. */
    readonly upstream: BoundUpstream;
  }
  interface FastifyContextConfig {
    /** What holds for this route. */
    // Not under a name of Fastify's: where a plugin adds to its RouteOptions, those would be meant here.
    reissue?: ReissueRoute | undefined;
  }
}

/** Options of {@link reissue}. */
export interface ReissueOptions extends GateOptions<FastifyRequest> {
  /**
   * The client behind `request.upstream`: one that is open, which stays yours to close, or options for one that is
   * closed with the server.
   *
   * @defaultValue a client with every default, opened at the first `request.upstream`
   */
  readonly upstream?: Upstream | UpstreamOptions | undefined;
}

/**
 * Puts `request.upstream` on every request, and answers its failures with 502, 503 or 504 only where a replay is safe.
 *
 * Register it, and wait for it, before the routes and the not-found handlers that it is for. Fastify does not tell a
 * plugin of routes that were declared earlier, so that the log warns of each only at its first request, and of a
 * not-found handler never. Error handlers of yours, of whatever scope, get the translated error.
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

/** What a route says of itself, where Fastify carries it from the route to its requests; null for nothing. */
const said = Symbol("reissue.route");

interface Config {
  [said]?: Partial<RouteConfig> | null;
}

/** What a request's route says; undefined where it was declared before the plugin was registered, or is none. */
function ownOf({ routeOptions }: FastifyRequest): Config[typeof said] {
  return (routeOptions.config as Config)[said];
}

async function plugin(fastify: FastifyInstance, options: ReissueOptions): Promise<void> {
  const settings = gateConfig(withoutFastifys(options), ["upstream"]);
  const upstream = upstreamSource<Upstream, UpstreamOptions>(options.upstream, createUpstream);
  const binding = { settings, client: upstream.get };
  const warned = new Set<string>();
  // Whether requests differ in what their routes say, for Fastify makes an object of eleven to tell what a route is.
  let looksUp = fastify.printRoutes() !== "(empty tree)";

  /** The one of a request that has failed; made now where that was in a hook before ours. */
  function inboundOf(request: FastifyRequest, reply: FastifyReply): RequestContext {
    const known = getContext(request.raw);
    if (known !== null) return known;
    const own = ownOf(request);
    if (own) applyRoute(request.raw, own);
    return getOrCreateContext(request.raw, reply.raw, settings, request);
  }

  fastify.decorateRequest("upstream", {
    getter(this: FastifyRequest): BoundUpstream {
      const inbound = getContext(this.raw);
      if (inbound === null) throw new Error("request.upstream is there from the onRequest hook on");
      return inbound.bind(upstream.get());
    },
  });

  fastify.addHook("onRoute", function reissueRoute(route) {
    const { method, url, config } = route;
    const name = `${[method].flat().join(", ")} ${url}`;
    const options = config?.reissue;
    const path = `config.reissue of ${name}`;
    const settings = options == null ? null : routeConfig(options, path);
    if (settings !== null) looksUp = true;
    const own: FastifyContextConfig & Config = { ...config, [said]: settings };
    route.config = own;
    route.handler = watched(route.handler, inboundOf);
    route.errorHandler = translating(route.errorHandler, inboundOf);
  });
  watchNotFound(fastify, inboundOf);

  fastify.addHook("onRequest", function reissueRequest(request, reply, done) {
    const own = looksUp ? ownOf(request) : null;
    if (own === undefined && !request.is404) warnOnce(request, warned);
    if (!own && deferContext(request.raw, reply.raw, binding, request)) return done();
    const context = openContext(request.raw, reply.raw, binding, request);
    if (own) context.applyRoute(own);
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

/** Options less those that Fastify itself takes of every plugin. */
function withoutFastifys(options: ReissueOptions & RegisterOptions): ReissueOptions {
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

/** Has a request whose time is over responded to by its error handler. */
function expire(error: Error, { gate }: RequestContext, reply: FastifyReply): void {
  if (reply.sent) takeBack(reply);
  if (!reply.sent) return void reply.send(error);
  reply.log.error({ err: error }, error.message);
  sendError(reply.raw, error, gate.problemDetails);
}

/**
 * Gives Fastify back a reply that its handler has hijacked and not begun: Fastify would send nothing of it, and tell no
 * hook and no error handler. There is no other way than by the symbol, which it does not export.
 */
function takeBack(reply: FastifyReply): void {
  const isHijacked = Object.getOwnPropertySymbols(reply).find(
    ({ description }) => description === "fastify.reply.hijacked",
  );
  if (isHijacked === undefined) return;
  Object.assign(reply, { [isHijacked]: false });
  removeContentHeaders(reply.raw);
}

function warnOnce(
  { routeOptions: { method, url }, log }: FastifyRequest,
  warned: Set<string>,
): void {
  const name = `${[method].flat().join(", ")} ${url}`;
  if (warned.has(name)) return;
  warned.add(name);
  log.warn(
    `${name} was declared before @reissue/fastify was registered: its errors are not translated`,
  );
}
