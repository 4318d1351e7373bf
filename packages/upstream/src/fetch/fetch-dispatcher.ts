import { isReissueError, isSafeMethod } from "@reissue/core";
import type { Dispatcher } from "undici";

import { DeclaredSource } from "../body/source/declared-source.ts";
import type { ReissueDispatchOptions } from "../call/call-request.ts";
import { headerValue, withHeader, withoutHeader } from "../headers/request-headers.ts";
import type { CallContext } from "./call-context.ts";
import type { RequestBodyInit } from "./request/request-body-init.ts";

/**
 * The dispatcher of one call of fetch.
 *
 * Fetch asks a dispatcher for nothing but `dispatch`; a real one would be an EventEmitter made for every call.
 */
export class FetchDispatcher implements Pick<Dispatcher, "dispatch"> {
  readonly #context: CallContext;
  readonly #body: RequestBodyInit | null;
  #dispatches = 0;
  #method = "";

  /** @param body - What is sent in the place of the body that fetch was given; null for that itself. */
  constructor(context: CallContext, body: RequestBodyInit | null) {
    this.#context = context;
    this.#body = body;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { agent, inbound, own, keys } = this.#context;
    const { origin = "", path, method, upgrade = null } = options;
    this.#dispatches += 1;
    this.#method = method;
    const request: ReissueDispatchOptions = {
      origin,
      path,
      method,
      headers: this.#headers(options) ?? null,
      body: this.#bodyOf(options),
      upgrade,
      retry: own.retry,
      step: own.step,
      bodyTimeoutMs: own.bodyTimeoutMs,
      redirected: this.#dispatches > 1,
      keys,
      inbound,
    };
    return agent.dispatch(request, handler);
  }

  /** Words an error of fetch as the caller is to see it. */
  failure(error: unknown): unknown {
    if (!(error instanceof TypeError)) return error;
    // Fetch wraps every network error in TypeError("fetch failed"); ours says more by itself.
    if (isReissueError(error.cause)) return error.cause;
    const signal = this.#context.inbound?.signal;
    const hasLeft = signal?.aborted === true && isSafeMethod(this.#method);
    return hasLeft ? signal.reason : error;
  }

  #headers({ headers, body }: Dispatcher.DispatchOptions): typeof headers {
    if (this.#body === null || body === null) return headers;
    // That of the body which stands for it.
    const own = withoutHeader(headers, "content-length");
    const { type } = this.#body;
    if (type === null || headerValue(own, "content-type") !== undefined) return own;
    return withHeader(own, "content-type", type);
  }

  #bodyOf({ headers, body }: Dispatcher.DispatchOptions): unknown {
    // A redirect may have dropped it.
    if (typeof body !== "object" || body === null) return body;
    if (this.#body !== null) return this.#body.value;
    // Fetch declares the length of what it holds in full, and of nothing else.
    const isDeclared = headerValue(headers, "content-length") !== undefined;
    return isDeclared ? new DeclaredSource(body as never) : body;
  }
}
