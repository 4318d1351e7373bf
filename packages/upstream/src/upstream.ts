import type { CallRetryOptions } from "@reissue/core";
import type { Dispatcher } from "undici";

import { ReissueAgent } from "./agent.ts";
import type { BodyFactory } from "./body/factory-body.ts";
import { fetchThrough } from "./api/fetch.ts";
import type { OutboundContext } from "@reissue/core";
import type { UpstreamOptions } from "./config/options.ts";
import { requestThrough } from "./api/request.ts";

/**
 * What `upstream(url, init)` takes: the platform's own init, and what this call says about being resent.
 *
 * A `dispatcher` in it is not used.
 */
export interface UpstreamInit extends Omit<RequestInit, "body" | "dispatcher"> {
  /**
   * Any body that fetch takes, fixed when the call begins; or a function that is asked for one before each attempt, of
   * which bytes are not copied.
   */
  body?: RequestInit["body"] | BodyFactory;
  /** What this call says about being resent; anything but an object belongs to another library, and is ignored. */
  retry?: CallRetryOptions | undefined;
  /** Which of the inbound request's calls this is, for origins that derive keys; the same on every run of the handler. */
  step?: string | undefined;
  /** How long the response may be silent between two chunks of its body, in ms; 0 or Infinity for ever. */
  bodyTimeoutMs?: number | undefined;
}

/** What `upstream.request(url, options)` takes: undici's own options, and what this call says about being resent. */
export interface UpstreamRequestOptions extends Partial<
  Omit<Dispatcher.RequestOptions, "body" | "origin" | "path">
> {
  /**
   * Any body that undici takes, or URLSearchParams, fixed when the call begins; or a function that is asked for one before
   * each attempt, of which bytes are not copied.
   */
  readonly body?:
    | Dispatcher.DispatchOptions["body"]
    | AsyncIterable<Uint8Array | string>
    | URLSearchParams
    | BodyFactory;
  readonly retry?: CallRetryOptions | undefined;
  /** Which of the inbound request's calls this is, for origins that derive keys; the same on every run of the handler. */
  readonly step?: string | undefined;
  /** How long the response may be silent between two chunks of its body, in ms; 0 or Infinity for ever. */
  readonly bodyTimeoutMs?: number | undefined;
}

/** What handlers call. */
export interface BoundUpstream {
  /**
   * Fetches, with the semantics of WHATWG fetch.
   *
   * @throws {@link UpstreamError} when the upstream could not be reached or did not answer.
   */
  (input: string | URL | Request, init?: UpstreamInit): Promise<Response>;
  /**
   * Requests, with the semantics of `undici.request`: the fast path.
   *
   * @throws {@link UpstreamError} when the upstream could not be reached or did not answer.
   */
  request(url: string | URL, options?: UpstreamRequestOptions): Promise<Dispatcher.ResponseData>;
}

/** The outbound client of a service; opened once, closed at its end. */
export interface Upstream extends BoundUpstream {
  /** The undici Dispatcher underneath, for whatever else takes one. */
  readonly dispatcher: ReissueAgent;
  /** The same client for one inbound request: under its deadline and its abort, with its route's opt-in. */
  bind(inbound: OutboundContext): BoundUpstream;
  /** Takes no more requests, waits for those under way, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Opens an outbound client that resends what a dead keep-alive socket swallowed, and nothing else.
 *
 * @example
 * ```js
 * const upstream = createUpstream({ origins: { "http://orders:3000": { connections: 64 } } });
 * const response = await upstream("http://orders:3000/orders/42");
 * const { statusCode, body } = await upstream.request("http://orders:3000/orders/42");
 * await upstream.close();
 * ```
 *
 * @throws {@link OptionError} with the path of the first wrong option.
 */
export function createUpstream(options: UpstreamOptions = {}): Upstream {
  const dispatcher = new ReissueAgent(options);
  return Object.assign(bound(dispatcher, undefined), {
    dispatcher,
    bind: (inbound: OutboundContext) => bound(dispatcher, inbound),
    close: () => dispatcher.close(),
  });
}

function bound(agent: ReissueAgent, inbound: OutboundContext | undefined): BoundUpstream {
  return Object.assign(
    function upstream(input: string | URL | Request, init?: UpstreamInit): Promise<Response> {
      return fetchThrough(agent, inbound, input, init);
    },
    {
      request(url: string | URL, options?: UpstreamRequestOptions) {
        return requestThrough(agent, inbound, url, options);
      },
    },
  );
}
