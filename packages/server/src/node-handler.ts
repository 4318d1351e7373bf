import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { inspect } from "node:util";

import { isPromise } from "@reissue/core/internal";

import { admit, type Framework } from "./gate.ts";
import { handleError } from "./errors/handle-error.ts";
import { gateConfig, type GateOptions } from "./config/gate-config.ts";
import { openContext } from "./request/request-registry.ts";
import type { Bindable } from "./outbound/bindable.ts";
import { upstreamProperty } from "./outbound/upstream-property.ts";
import { sendError } from "./errors/send-error.ts";

/** A listener of node:http's, whose request has an `upstream`; it may be async. */
export type Listener<Bound> = (
  request: IncomingMessage & { readonly upstream: Bound },
  response: ServerResponse,
) => unknown;

/** Options of {@link handler}. */
export interface HandlerOptions<Bound> extends GateOptions {
  /** The client behind `request.upstream`, as `createUpstream` opens it; it stays yours to close. */
  readonly upstream: Bindable<Bound>;
  /**
   * Told of every error that is to be answered, translated or not, and may answer it. It may be async: the response waits
   * until it has settled. What it throws itself, or rejects with, is written to stderr, and the request answered as if it
   * had not.
   *
   * @defaultValue writes what is answered with a 5xx to stderr
   */
  readonly onError?:
    | ((error: unknown, request: IncomingMessage, response: ServerResponse) => unknown)
    | undefined;
}

/**
 * Makes a listener for node:http of one that may throw, reject, and call `request.upstream`.
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
export function handler<Bound>(
  listener: Listener<Bound>,
  options: HandlerOptions<Bound>,
): RequestListener {
  const settings = gateConfig(options, ["upstream", "onError"]);
  const { upstream, onError = toStderr } = options;
  const binding = { settings, client: (): Bindable<Bound> => upstream };
  return function reissue(request, response): void {
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

/** Whether it says more on stderr than one word, such as null. */
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

/** Writes an error to stderr; where a getter of it or of its causes throws, what that threw, which names its place. */
function print(error: unknown): void {
  let text = "An error that cannot be printed";
  try {
    text = inspect(error);
  } catch (failure) {
    try {
      text += `, because of ${inspect(failure)}`;
    } catch {
      // One like it.
    }
  }
  process.stderr.write(`${text}\n`);
}
