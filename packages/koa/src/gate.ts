import { OptionError } from "@reissue/core";
import type { GateOptions, GateStats, RouteOptions } from "@reissue/server";
import {
  admit,
  handleError,
  gateConfig,
  defineUpstream,
  applyRoute,
  getOrCreateContext,
  openContext,
  type Framework,
  type RequestContext,
  upstreamProperty,
  deferContext,
  LateGate,
  LatestGate,
  sendError,
  routeConfig,
  upstreamSource,
  showCauses,
  translate,
} from "@reissue/server/internal";
import type { BoundUpstream, Upstream, UpstreamOptions } from "@reissue/upstream";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context as KoaContext } from "koa";

import { createUpstream } from "@reissue/upstream/lazy";
import { respondsTo } from "./responds-to.ts";
import { watchBodies, type KoaResponse } from "./body-watch.ts";

declare module "koa" {
  interface ExtendableContext {
    /** The outbound client, bound to this request: its deadline, its route's opt-in, its client's disconnect. */
    readonly upstream: BoundUpstream;
  }
}

/** The members of Koa's context that are used. Structural, so that Koa 2 and 3 both fit. */
interface Context {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly response?: KoaResponse;
  readonly app?: { readonly middleware?: readonly Function[] | undefined } | undefined;
  respond?: boolean | undefined;
}

/** A middleware for Koa. */
export type Middleware = (ctx: Context, next: () => Promise<unknown>) => Promise<unknown>;

/** Options of {@link reissue}. */
export interface ReissueOptions<Ctx = KoaContext> extends GateOptions<Ctx> {
  /**
   * The client behind `ctx.upstream`: an open client, which you close, or options for a client of the gate.
   *
   * @defaultValue a client with every default, opened at the first use of `ctx.upstream`
   */
  readonly upstream?: Upstream | UpstreamOptions | undefined;
}

/** The middleware, with its other functions. */
export interface Gate extends Middleware {
  /**
   * Translates an error for code that responds to errors itself, such as a GraphQL server, and never throws them.
   *
   * @returns the error to respond with, with `status`, `headers` and a message for clients, or the same value where
   * Reissue has no response to it.
   */
  translate(error: unknown, ctx: Context): unknown;
  /** Takes a snapshot of the gate: requests, keys, timeouts, translated errors. */
  stats(): GateStats;
  /** Closes a client that the gate has opened, once its calls have ended; a client that was given stays open. */
  close(): Promise<void>;
}

/**
 * Puts `ctx.upstream` on every context, and responds to its failures with 502, 503 or 504 only where a replay is safe.
 *
 * @example
 * ```js
 * app.use(reissue());
 * router.post("/orders/:id/confirm", route({ retryOn: ["ECONNRESET"] }), async (ctx) => {
 *   const path = `/orders/${ctx.params.id}/confirm`;
 *   const order = await ctx.upstream(`http://orders:3000${path}`, { method: "POST" });
 *   ctx.body = await order.json();
 * });
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function reissue<Ctx = KoaContext>(options: ReissueOptions<Ctx> = {}): Gate {
  const settings = gateConfig(options, ["upstream"]);
  const upstream = upstreamSource<Upstream, UpstreamOptions>(
    options.upstream,
    createUpstream,
    options.validate,
  );
  const binding = { settings, client: upstream.get };
  let isChecked = false;
  latestGate.open(settings.warnings);

  // perf: not async, docs/performance.md#deferred-contexts
  function gate(ctx: Context, next: () => Promise<unknown>): Promise<unknown> {
    if (!isChecked && (ctx as unknown) === undefined)
      throw new OptionError("gate", "is the middleware itself: write app.use(gate)");
    defineUpstream(ctx, Object.getPrototypeOf(ctx), lazy);
    watchBodies(ctx.response);
    if (!isChecked) {
      isChecked = true;
      if (isBehindRouter(gate, ctx.app?.middleware)) {
        latestGate.onBypass("The gate is the last middleware, behind the router");
      }
    }
    let context: RequestContext | null = null;
    let handled: Promise<unknown>;
    try {
      if (!deferContext(ctx.req, ctx.res, binding, ctx)) {
        context = openContext(ctx.req, ctx.res, binding, ctx);
      }
      // A caller other than Koa may pass a `next` that returns no promise.
      handled = Promise.resolve(context === null ? next() : admit(context, koa, next, ctx));
    } catch (error) {
      handled = Promise.reject(error);
    }
    return handled.then(undefined, (error: unknown) => {
      const failed = context ?? getOrCreateContext(ctx.req, ctx.res, settings, ctx);
      const passed = handleError(error, failed, respondsTo);
      if (passed !== null) {
        if (passed.asProblem) sendError(ctx.res, passed.error, true);
        showCauses(passed.error);
        // Also where Reissue has responded: Koa tells its error listeners, and outer middleware catch it.
        throw passed.error;
      }
      // The response was sent when the timeout expired: Koa has nothing left to do.
      ctx.respond = false;
    });
  }

  return Object.assign(gate, {
    translate: (error: unknown, ctx: Context) =>
      translate(error, getOrCreateContext(ctx.req, ctx.res, settings, ctx)),
    stats: () => settings.counts.stats,
    close: upstream.close,
  });
}

/**
 * Creates a middleware that sets the options of a route; mount it inside the gate, or before it.
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function route(options: RouteOptions): Middleware {
  const settings = routeConfig(options, "route");
  const lateGate = new LateGate(latestGate, settings);
  return function reissueRoute(ctx, next) {
    const context = applyRoute(ctx.req, settings);
    if (context !== null) return admit(context, koa, next, ctx);
    // Admitted at the gate, to which the request comes later.
    lateGate.watch(ctx.req, ctx.res);
    return next();
  };
}

const latestGate = new LatestGate();

const lazy = upstreamProperty(
  ({ req }: Context) => req,
  () => latestGate.onBypass("ctx.upstream was read on a request that has come through no gate"),
);

/** Whether a gate is the last middleware of an app, behind a router of koa-router or @koa/router. */
function isBehindRouter(gate: Function, middleware: readonly Function[] = []): boolean {
  return middleware.at(-1) === gate && middleware.some((each) => "router" in each);
}

/** Koa's part in admitting a request. */
const koa: Framework<() => Promise<unknown>, Context, Promise<unknown>> = {
  run: (next) => next(),
  fail: (error) => Promise.reject(error),
  runWithTimeout: (start, _next, _ctx, context) => context.runWithTimeout(start),
  async skip(ctx) {
    ctx.respond = false;
  },
};
