import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { inspect } from "node:util";

import { OptionError } from "@reissue/core";
import { describe, isPromise } from "@reissue/core/internal";

import { admit, type Framework } from "./gate.ts";
import { handleError } from "./errors/handle-error.ts";
import { gateConfig, type GateOptions } from "./config/gate-config.ts";
import type { GateStats } from "./diagnostics/gate-stats.ts";
import { getOrCreateContext, openContext } from "./request/request-registry.ts";
import type { Bindable } from "./outbound/bindable.ts";
import { upstreamProperty } from "./outbound/upstream-property.ts";
import { translate } from "./errors/translate.ts";
import { sendError } from "./errors/send-error.ts";

/** A listener of node:http whose request has an `upstream`; may be async. */
export type Listener<Bound> = (
  request: IncomingMessage & { readonly upstream: Bound },
  response: ServerResponse,
) => unknown;

/** Options of {@link handler}. */
export interface HandlerOptions<Bound> extends GateOptions {
  /** The client behind `request.upstream`, as `createUpstream` opens it; it stays yours to close. */
  readonly upstream: Bindable<Bound>;
  /**
   * Called with every error of a request, translated or not; may send the response. May be async: the response waits until
   * it has settled. Its own exceptions and rejections are written to stderr, and do not change the response.
   *
   * @defaultValue writes errors with a 5xx to stderr
   */
  readonly onError?:
    | ((error: unknown, request: IncomingMessage, response: ServerResponse) => unknown)
    | undefined;
}

/** A listener for node:http, with its other functions. */
export interface Handler extends RequestListener {
  /**
   * Translates an error for a framework under the listener that responds to errors itself.
   *
   * @returns the error to respond with, with `status`, `headers` and a message for clients, or the same value where
   * Reissue has no response to it.
   */
  translate(error: unknown, request: IncomingMessage, response: ServerResponse): unknown;
  /** Takes a snapshot of the gate: requests, keys, timeouts, translated errors. */
  stats(): GateStats;
}

/**
 * Wraps a listener for node:http that may throw, reject, and call `request.upstream`.
 *
 * @example
 * ```js
 * const upstream = createUpstream();
 * const listener = handler(async (request, response) => {
 *   const order = await request.upstream(`http://orders:3000${request.url}`);
 *   response.end(await order.text());
 * }, { upstream });
 * createServer(listener).listen(8080);
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function handler<Bound>(listener: Listener<Bound>, options: HandlerOptions<Bound>): Handler {
  if (typeof listener !== "function")
    throw new OptionError("listener", `must be a function, got ${describe(listener)}`);
  const settings = gateConfig(options, ["upstream", "onError"]);
  const { upstream, onError = toStderr } = options;
  const binding = { settings, client: (): Bindable<Bound> => upstream };
  const reissue: RequestListener = function reissue(request, response): void {
    const context = openContext(request, response, binding);
    // Its prototype is Node's.
    Object.defineProperty(request, "upstream", lazy);
    const run = async (): Promise<void> => {
      await listener(request as Parameters<Listener<Bound>>[0], response);
      context.handlerEnded();
    };
    const fail = (error: unknown): void => {
      let passed: unknown;
      let handled: unknown;
      try {
        const escaped = handleError(error, context, isObject);
        if (escaped === null) return;
        passed = escaped.error;
        handled = onError(passed, request, response);
      } catch (failure) {
        // No handler is above this one: the failure would end the process, and leave the request without a response.
        print(failure);
      }
      const end = (): void => {
        if (!response.headersSent) sendError(response, passed, settings.problemDetails);
        else if (!response.writableEnded) request.socket.destroy();
      };
      // Of whatever library.
      if (isPromise(handled)) void Promise.resolve(handled).catch(print).then(end);
      else end();
    };
    void admit(context, nodeHttp, run, fail);
  };
  return Object.assign(reissue, {
    translate: (error: unknown, request: IncomingMessage, response: ServerResponse) =>
      translate(error, getOrCreateContext(request, response, settings)),
    stats: () => settings.counts.stats,
  });
}

/** The part of node:http in admitting a request. */
const nodeHttp: Framework<() => Promise<void>, (error: unknown) => void, void> = {
  run: (listen, fail) => void listen().catch(fail),
  fail: (error, _listen, fail) => fail(error),
  // The timeout goes on after the listener has returned, until there is a response.
  runWithTimeout(start, _listen, fail, context) {
    context.startTimeout(fail);
    return start();
  },
  skip() {},
};

const lazy = upstreamProperty((request: IncomingMessage) => request);

function toStderr(error: unknown, _request: IncomingMessage, response: ServerResponse): void {
  if (!response.destroyed && !isOfClient(error)) print(error);
}

/** Whether an error is an object; other values, such as null, would tell nothing on stderr. */
function isObject(error: unknown): boolean {
  return typeof error === "object" && error !== null;
}

function isOfClient(error: unknown): boolean {
  try {
    const { status } = (error ?? {}) as { readonly status?: unknown };
    return typeof status === "number" && status < 500;
  } catch {
    return false;
  }
}

/** Writes an error to stderr; where one of its getters, or its causes', throws, that exception, which names the place. */
function print(error: unknown): void {
  let text = "An error that cannot be printed";
  try {
    text = inspect(error);
  } catch (failure) {
    try {
      text += `, because of ${inspect(failure)}`;
    } catch {
      // The exception cannot be printed either.
    }
  }
  process.stderr.write(`${text}\n`);
}
