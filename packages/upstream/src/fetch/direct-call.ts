import { getMaxListeners, defaultMaxListeners, setMaxListeners } from "node:events";

import { isReissueError } from "@reissue/core";
import type { Dispatcher } from "undici";

import type { ReissueDispatchOptions } from "../call/call-request.ts";
import type { RawHeaders } from "../headers/raw-headers.ts";
import type { CallContext } from "./call-context.ts";
import { sentHeaders } from "./request/default-headers.ts";
import type { DirectRequest } from "./request/direct-request.ts";
import { FetchHop, type HopOwner, type HopResponse } from "./fetch-hop.ts";
import { FetchTiming } from "./fetch-timing.ts";
import { fetchedResponse } from "./response/fetched-response.ts";
import { redirected, type Target } from "./request/redirect.ts";

/** Listeners that one signal may have without a warning, when many calls share it; undici's number. */
const sharedSignalListeners = 1500;

/**
 * One call of `upstream()` that is made without the platform's fetch, from its first request to the end of the
 * response's body: redirects, abort, timing.
 */
export class DirectCall implements HopOwner {
  readonly timing: FetchTiming = new FetchTiming();
  readonly #context: CallContext;
  readonly #request: DirectRequest;
  #target: Target;
  #hop: FetchHop | null = null;
  #redirects = 0;
  /** Whether a redirect led to another origin. */
  #crossed = false;
  readonly #onAbort = (): void => {
    const { body, signal } = this.#request;
    // The stream that is being sent gets the reason too.
    body?.source?.close(signal?.reason);
    this.#hop?.abort(signal?.reason);
  };

  constructor(context: CallContext, request: DirectRequest) {
    this.#context = context;
    this.#request = request;
    this.#target = request;
  }

  get followsRedirects(): boolean {
    return this.#request.redirect === "follow";
  }

  async run(): Promise<Response> {
    const { body, signal } = this.#request;
    try {
      signal?.throwIfAborted();
      if (signal !== null) this.#listen(signal);
      return this.#toResponse(await this.#respond());
    } catch (error) {
      // Also for a call that fails before its first request.
      body?.source?.close(error);
      signal?.removeEventListener("abort", this.#onAbort);
      throw error;
    }
  }

  failure(error: Error, context: "fetch failed" | "terminated"): unknown {
    const { inbound } = this.#context;
    if (inbound?.signal?.aborted === true && inbound.signal.reason === error) return error;
    // A bare "fetch failed" would hide Reissue's own error, which says more.
    if (context === "fetch failed" && isReissueError(error)) return error;
    return new TypeError(context, { cause: error });
  }

  onSettled(status: number): void {
    this.#request.signal?.removeEventListener("abort", this.#onAbort);
    if (status !== 0) this.timing.mark(this.#request.url.href, status);
  }

  #listen(signal: AbortSignal): void {
    if (getMaxListeners(signal) === defaultMaxListeners) {
      setMaxListeners(sharedSignalListeners, signal);
    }
    signal.addEventListener("abort", this.#onAbort);
  }

  async #respond(): Promise<HopResponse> {
    let response = await this.#directed();
    if (this.#request.redirect === "error" && response.redirects) {
      throw this.#failed("unexpected redirect");
    }
    while (this.followsRedirects && response.location !== null) {
      this.#follow(response.status, response.location);
      const last = this.#hop;
      try {
        response = await this.#directed();
      } finally {
        last?.leave();
      }
    }
    return response;
  }

  /** Sends the request, and once more after a 421: the connection was the wrong one (Fetch §4.5, step 16). */
  async #directed(): Promise<HopResponse> {
    const response = await this.#send();
    if (response.status === 407) throw this.#failed("a proxy asks for credentials");
    if (response.status !== 421 || this.#target.body?.source != null) return response;
    this.#hop?.leave();
    return await this.#send();
  }

  #send(): Promise<HopResponse> {
    const { dispatcher, inbound, own, keys } = this.#context;
    const { url, method, headers, body } = this.#target;
    const isFirst = this.#hop === null;
    const hop = new FetchHop(this, method);
    this.#hop = hop;
    const request: ReissueDispatchOptions = {
      origin: url.origin,
      path: pathOf(url),
      method,
      headers: sentHeaders(headers, url.protocol),
      body: body === null ? null : body.value,
      upgrade: null,
      retry: own.retry,
      step: own.step,
      bodyTimeoutMs: own.bodyTimeoutMs,
      redirected: !isFirst,
      keys,
      inbound,
    };
    dispatcher.dispatch(request, hop as unknown as Dispatcher.DispatchHandler);
    return hop.response;
  }

  #follow(status: number, location: string): void {
    const { origin } = this.#target.url;
    try {
      this.#target = redirected(this.#target, status, location, this.#redirects);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#redirects += 1;
    this.#crossed ||= this.#target.url.origin !== origin;
    this.timing.onRedirect();
  }

  /** Gives up on the response. */
  #failed(cause: unknown): TypeError {
    this.#hop?.leave();
    const error = cause instanceof Error ? cause : new Error(String(cause));
    return new TypeError("fetch failed", { cause: error });
  }

  #toResponse({ status, statusText, headers, body }: HopResponse): Response {
    const head = {
      status,
      statusText,
      headers: pairs(headers),
      url: withoutFragment(this.#target.url),
      redirected: this.#redirects > 0,
      type: this.#crossed ? ("cors" as const) : ("basic" as const),
    };
    const holdsResources = body !== null && (!body.hasEnded || this.#request.signal !== null);
    return fetchedResponse(body, head, holdsResources);
  }
}

function pathOf(url: URL): string {
  const whole = withoutFragment(url);
  return whole.slice(whole.indexOf("/", url.protocol.length + 2));
}

function withoutFragment({ href }: URL): string {
  const hash = href.indexOf("#");
  return hash === -1 ? href : href.slice(0, hash);
}

function pairs(headers: RawHeaders): [string, string][] {
  const list: [string, string][] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]!.toString("latin1").toLowerCase();
    // Under HTTP/2, undici gives a list for a repeated header.
    const value: Buffer | Buffer[] = headers[index + 1]!;
    for (const each of Array.isArray(value) ? value : [value]) {
      list.push([name, each.toString("latin1")]);
    }
  }
  return list;
}
