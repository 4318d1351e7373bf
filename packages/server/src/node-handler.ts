import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { inspect } from "node:util";

import { isPromise } from "@reissue/core/internal";

import { deduplicate } from "./idempotency/deduplicate.ts";
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
  const entrance = { settings, client: (): Bindable<Bound> => upstream };
  return function reissue(request, response): void {
    const inbound = openContext(request, response, entrance);
    // Its prototype is Node's.
    Object.defineProperty(request, "upstream", lazy);
    const run = async (): Promise<void> => {
      const refused = inbound.refusal();
      if (refused !== null) throw refused;
      if (inbound.startsClaim() && !(await deduplicate(inbound))) return;
      await listener(request as Parameters<Listener<Bound>>[0], response);
      inbound.handlerEnded();
    };
    const fail = (error: unknown): void => {
      let answer: unknown;
      let told: unknown;
      try {
        const passed = handleError(error, inbound, isObject);
        if (passed === null) return;
        answer = passed.error;
        told = onError(answer, request, response);
      } catch (failure) {
        // No handler is above this one: it would end the process, and leave the request without an answer.
        print(failure);
      }
      const end = (): void => {
        if (!response.headersSent) sendError(response, answer, settings.problemDetails);
        else if (!response.writableEnded) request.socket.destroy();
      };
      // Of whatever library.
      if (isPromise(told)) void Promise.resolve(told).catch(print).then(end);
      else end();
    };
    // For as long as it has not answered, though the listener have returned.
    inbound.startTimeout(fail);
    run().catch(fail);
  };
}

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
