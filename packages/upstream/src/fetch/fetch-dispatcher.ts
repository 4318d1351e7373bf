import { isReissueError, isSafeMethod } from "@reissue/core";
import type { Dispatcher } from "undici";

import { DeclaredSource } from "../body/source/declared-source.ts";
import type { ReissueDispatchOptions } from "../call/call-request.ts";
import { headerValue, withHeader, withoutHeader } from "../headers/request-headers.ts";
import type { CallContext } from "./call-context.ts";
import type { RequestBodyInit } from "./request/request-body-init.ts";

/**
 * Dispatcher of one call of fetch.
 *
 * Fetch uses nothing of a dispatcher but `dispatch`; a real one would create an EventEmitter for every call.
 */
export class FetchDispatcher implements Pick<Dispatcher, "dispatch"> {
  readonly #context: CallContext;
  readonly #body: RequestBodyInit | null;
  #dispatches = 0;
  #method = "";

  /** @param body - Body to send in place of the one that fetch was given; null for that one itself. */
  constructor(context: CallContext, body: RequestBodyInit | null) {
    this.#context = context;
    this.#body = body;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const { dispatcher, inbound, own, keys } = this.#context;
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
    return dispatcher.dispatch(request, handler);
  }

  /** Translates an error of fetch for the caller. */
  failure(error: unknown): unknown {
    if (!(error instanceof TypeError)) return error;
    // Fetch wraps every network error in TypeError("fetch failed"), which would hide Reissue's own error.
    if (isReissueError(error.cause)) return error.cause;
    const signal = this.#context.inbound?.signal;
    const isDisconnected = signal?.aborted === true && isSafeMethod(this.#method);
    return isDisconnected ? signal.reason : error;
  }

  #headers({ headers, body }: Dispatcher.DispatchOptions): typeof headers {
    if (this.#body === null || body === null) return headers;
    // The Content-Length is that of the placeholder.
    const own = withoutHeader(headers, "content-length");
    const { type } = this.#body;
    if (type === null || headerValue(own, "content-type") !== undefined) return own;
    return withHeader(own, "content-type", type);
  }

  #bodyOf({ headers, body }: Dispatcher.DispatchOptions): unknown {
    // A redirect may have dropped the body.
    if (typeof body !== "object" || body === null) return body;
    if (this.#body !== null) return this.#body.value;
    // Fetch declares a length only for bodies that it holds in full.
    const isDeclared = headerValue(headers, "content-length") !== undefined;
    return isDeclared ? new DeclaredSource(body as never) : body;
  }
}
