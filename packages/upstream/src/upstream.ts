import type { OutboundContext } from "@reissue/core";
import type { Dispatcher } from "undici";

import { ReissueDispatcher } from "./dispatcher.ts";
import type { UpstreamInit, UpstreamRequestOptions } from "./api/call-types.ts";
import { fetchThrough } from "./api/fetch.ts";
import type { UpstreamOptions } from "./config/options.ts";
import { requestThrough } from "./api/request.ts";

/** Client that handlers call. */
export interface BoundUpstream {
  /**
   * Fetches, with the semantics of WHATWG fetch.
   *
   * @throws {@link UpstreamError} when the upstream could not be reached or did not respond.
   */
  (input: string | URL | Request, init?: UpstreamInit): Promise<Response>;
  /**
   * Requests, with the semantics of `undici.request`: the fast path.
   *
   * @throws {@link UpstreamError} when the upstream could not be reached or did not respond.
   */
  request(url: string | URL, options?: UpstreamRequestOptions): Promise<Dispatcher.ResponseData>;
}

/** Outbound client of a service; opened once, closed at its end. */
export interface Upstream extends BoundUpstream {
  /** Undici Dispatcher of the client, for other code that takes one. */
  readonly dispatcher: ReissueDispatcher;
  /** Binds the client to one inbound request: to its deadline, its abort, and its route's opt-in. */
  bind(inbound: OutboundContext): BoundUpstream;
  /** Refuses new requests, waits for those under way, and closes every connection. */
  close(): Promise<void>;
}

/**
 * Opens an outbound client that resends requests lost on a stale keep-alive connection, and nothing else.
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
  const dispatcher = new ReissueDispatcher(options);
  return Object.assign(bound(dispatcher, undefined), {
    dispatcher,
    bind: (inbound: OutboundContext) => bound(dispatcher, inbound),
    close: () => dispatcher.close(),
  });
}

function bound(dispatcher: ReissueDispatcher, inbound: OutboundContext | undefined): BoundUpstream {
  return Object.assign(
    function upstream(input: string | URL | Request, init?: UpstreamInit): Promise<Response> {
      return fetchThrough(dispatcher, inbound, input, init);
    },
    {
      request(url: string | URL, options?: UpstreamRequestOptions) {
        return requestThrough(dispatcher, inbound, url, options);
      },
    },
  );
}
