import { IncomingMessage, type ServerResponse } from "node:http";

import { OptionError } from "@reissue/core";
import { describe } from "@reissue/core/internal";
import type { GateOptions, GateStats, RouteOptions } from "@reissue/server";
import {
  admit,
  handleError,
  gateConfig,
  defineUpstream,
  applyRoute,
  getContext,
  frameworkPrototype,
  getOrCreateContext,
  handlerEnded,
  openContext,
  type Framework,
  upstreamProperty,
  muteResponse,
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

import { createUpstream } from "@reissue/upstream/lazy";
import { checkMounts, reportMissingErrors } from "./mount-check.ts";
import { respondsTo } from "./responds-to.ts";

declare global {
  namespace Express {
    interface Request {
      /** The outbound client, bound to this request: its deadline, its route's opt-in, its client's disconnect. */
      readonly upstream: BoundUpstream;
    }
  }
}

/** Express' `next`. */
export type Next = (error?: unknown) => void;

/** A middleware for Express. Its types are structural, so that Express 4 and 5 both accept it. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: Next) => void;

/** An error-handling middleware for Express, recognised by its four parameters. */
export type ErrorTranslator = (
  error: unknown,
  req: IncomingMessage,
  res: ServerResponse,
  next: Next,
) => void;

/** Options of {@link reissue}. */
export interface ReissueOptions<Req = IncomingMessage> extends GateOptions<Req> {
  /**
   * The client behind `req.upstream`: an open client, which you close, or options for a client of the gate.
   *
   * @defaultValue a client with every default, opened at the first use of `req.upstream`
   */
  readonly upstream?: Upstream | UpstreamOptions | undefined;
}

/** The middleware, with its other functions. */
export interface Gate extends Middleware {
  /**
   * Creates a middleware that sets the options of a route.
   *
   * @throws {@link OptionError} with the path of the first wrong option.
   */
  route(options: RouteOptions): Middleware;
  /** Creates the error-handling middleware; mount it after the routes and before your own error handlers. */
  errors(): ErrorTranslator;
  /**
   * Wraps an async handler for Express 4, which ignores the rejection of a handler: without it the process ends.
   *
   * The types of request and response are those of the place that the handler is given to, such as `app.get(path, …)`.
   */
  handler<Handler extends (req: never, res: never, next: never) => unknown>(run: Handler): Handler;
  /**
   * Translates an error for code that responds to errors itself, such as a GraphQL server, and never passes them to
   * `next`.
   *
   * @returns the error to respond with, with `status`, `headers` and a message for clients, or the same value where
   * Reissue has no response to it.
   */
  translate(error: unknown, req: IncomingMessage, res: ServerResponse): unknown;
  /** Takes a snapshot of the gate: requests, keys, timeouts, translated errors. */
  stats(): GateStats;
  /** Closes a client that the gate has opened, once its calls have ended; a client that was given stays open. */
  close(): Promise<void>;
}

/**
 * Puts `req.upstream` on every request, and responds to its failures with 502, 503 or 504 only where a replay is safe.
 *
 * @example
 * ```js
 * const gate = reissue({ upstream: { origins: { "http://orders:3000": { connections: 64 } } } });
 * app.use(gate);
 * app.post("/orders/:id/confirm", gate.route({ retryOn: ["ECONNRESET"] }), async (req, res) => {
 *   const path = `/orders/${req.params.id}/confirm`;
 *   const order = await req.upstream(`http://orders:3000${path}`, { method: "POST" });
 *   res.json(await order.json());
 * });
 * app.use(gate.errors());
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function reissue<Req = IncomingMessage>(options: ReissueOptions<Req> = {}): Gate {
  const settings = gateConfig(options, ["upstream"]);
  const upstream = upstreamSource<Upstream, UpstreamOptions>(
    options.upstream,
    createUpstream,
    options.validate,
  );
  const client = (): Upstream => {
    // A gate without calls of upstreams can do without.
    if (!hasErrors) reportMissingErrors(settings.warnings);
    return upstream.get();
  };
  const binding = { settings, client };
  let hasErrors = false;
  let isChecked = false;
  latestGate.open(settings.warnings);

  function gate(req: IncomingMessage, res: ServerResponse, next: Next): void {
    if (!isChecked) {
      if ((req as unknown) === undefined)
        throw new OptionError("gate", "is the middleware itself: write app.use(gate)");
      isChecked = true;
      const functions = { gate, errors: translators };
      hasErrors = checkMounts(req, functions, settings.warnings) || hasErrors;
    }
    defineUpstream(req, sharedPrototype(req), lazy);
    if (deferContext(req, res, binding)) return next();
    void admit(openContext(req, res, binding), express, next, null);
  }

  return Object.assign(gate, {
    route(options: RouteOptions): Middleware {
      const route = routeConfig(options, "route");
      const lateGate = new LateGate(latestGate, route);
      return function reissueRoute(req, res, next) {
        const context = applyRoute(req, route);
        if (context === null) {
          // Admitted at the gate, to which the request comes later.
          lateGate.watch(req, res);
          next();
        } else void admit(context, express, next, null);
      };
    },

    errors(...others: unknown[]): ErrorTranslator {
      // Without a response, requests would wait for ever.
      if (others.length > 0)
        throw new OptionError("gate.errors", "takes no arguments: write app.use(gate.errors())");
      hasErrors = true;
      const translator: ErrorTranslator = function reissueErrors(error, req, res, next) {
        // From now on a handler that calls an upstream without a gate is noticed.
        if (getContext(req) === null) defineUpstream(req, sharedPrototype(req), lazy);
        const context = getOrCreateContext(req, res, settings);
        const passed = handleError(error, context, respondsTo);
        if (passed === null) return;
        showCauses(passed.error, () => res.headersSent || hidesStacks(req));
        if (passed.asProblem) {
          sendError(res, passed.error, true);
          muteResponse(res);
          next(passed.error);
        }
        // Otherwise Express would destroy the connection, as for any response that has begun.
        else if (context.isEndDelayed) res.once("close", () => next(passed.error));
        else next(passed.error);
      };
      translators.add(translator);
      return translator;
    },

    handler<Handler extends (req: never, res: never, next: never) => unknown>(
      run: Handler,
    ): Handler {
      if (typeof run !== "function")
        throw new OptionError("gate.handler", `must be given a function, got ${describe(run)}`);
      const call = run as unknown as (...args: Parameters<Middleware>) => unknown;
      const wrapped: Middleware = function reissueHandler(req, res, next) {
        // Express takes a falsy value for no error, and Express 5 replaces it in the same way for handlers that reject.
        const fail = (error: unknown): void => {
          if (error) next(error);
          else next(new Error("The handler rejected"));
        };
        Promise.resolve()
          .then(() => call(req, res, next))
          .finally(() => handlerEnded(req))
          .catch(fail);
      };
      return wrapped as unknown as Handler;
    },

    translate: (error: unknown, req: IncomingMessage, res: ServerResponse) =>
      translate(error, getOrCreateContext(req, res, settings)),

    stats: () => settings.counts.stats,

    close: upstream.close,
  });
}

/** Express' part in admitting a request. */
const express: Framework<Next, null, void> = {
  run: (next) => next(),
  fail(error, next, _exchange, context) {
    if (isBodyTimeout(error)) doNotAwaitBody(context.request);
    next(error);
  },
  runWithTimeout(start, next, _exchange, context) {
    context.startTimeout((error) => {
      doNotAwaitBody(context.request);
      next(error);
    });
    return start();
  },
  skip() {},
};

function isBodyTimeout(error: unknown): boolean {
  try {
    return (error as { readonly code?: unknown }).code === "ERR_REISSUE_BODY_TIMEOUT";
  } catch {
    return false;
  }
}

/**
 * Has Express' own last handler respond without waiting for the rest of a request's body, which may never come. The
 * handler waits by means of the package on-finished, which takes a request with the property `finished` for one that has
 * ended. If it waited, it would respond a second time to a request that had been responded to meanwhile.
 */
function doNotAwaitBody(request: IncomingMessage): void {
  if (!request.complete) Object.assign(request, { finished: true });
}

const latestGate = new LatestGate();

/** The error translators of all gates; one serves several gates of an app. */
const translators = new WeakSet<Function>();

const lazy = upstreamProperty(
  (req: IncomingMessage) => req,
  () => latestGate.onBypass("req.upstream was read on a request that has come through no gate"),
);

/** The prototype of all apps' requests, by the prototype of one app's requests. */
// perf: docs/performance.md#methods-on-the-prototype
const sharedPrototypes = new WeakMap<object, object>();

/** The prototype that Express gives to the requests of all its apps; the request itself if Express has not seen it. */
function sharedPrototype(req: IncomingMessage): object {
  const own: object = Object.getPrototypeOf(req);
  const existing = sharedPrototypes.get(own);
  // An app that is mounted in an app of another copy of Express inherits from that one's prototype.
  if (existing?.isPrototypeOf(own)) return existing;
  const shared = frameworkPrototype(req, IncomingMessage.prototype);
  if (shared === null) return req;
  sharedPrototypes.set(own, shared);
  return shared;
}

/**
 * Whether Express' default handler keeps the stack of an error from the client. It sends it unless the application's `env`
 * is `production`, and prints it once the response is under way: until then the stack must not show the causes.
 */
function hidesStacks(req: IncomingMessage): boolean {
  const { app } = req as { app?: { get?: (name: string) => unknown } };
  return app?.get?.("env") === "production";
}
