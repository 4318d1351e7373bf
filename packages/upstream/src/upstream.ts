import type { OutboundContext } from "@reissue/core";
import type { Dispatcher } from "undici";

import { ReissueDispatcher } from "./dispatcher.ts";
import type { UpstreamEventName, UpstreamListener } from "./diagnostics/upstream-events.ts";
import type { UpstreamStats } from "./diagnostics/upstream-stats.ts";
import type { UpstreamInit, UpstreamRequestOptions } from "./api/call-types.ts";
import { fetchThrough } from "./api/fetch.ts";
import { inboundContext } from "./api/inbound-context.ts";
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
  /**
   * Binds the client to one inbound request: to its deadline, its abort, and its route's opt-in.
   *
   * @throws {@link OptionError} with the path of the first wrong member.
   */
  bind(inbound: OutboundContext): BoundUpstream;
  /** Takes a snapshot of the client: connections, resends, learned limits, budgets; empty once it is closed. */
  stats(): UpstreamStats;
  /**
   * Adds a listener of an event: `resend`, `give-up` or `stale`. What it throws is an uncaught exception.
   *
   * @throws {@link OptionError} for another name.
   */
  on<Name extends UpstreamEventName>(name: Name, listener: UpstreamListener<Name>): Upstream;
  /** Removes a listener. */
  off<Name extends UpstreamEventName>(name: Name, listener: UpstreamListener<Name>): Upstream;
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
  const { events } = dispatcher;
  const upstream: Upstream = Object.assign(bound(dispatcher, undefined), {
    dispatcher,
    stats: () => dispatcher.stats,
    on<Name extends UpstreamEventName>(name: Name, listener: UpstreamListener<Name>) {
      events.add(name, listener);
      return upstream;
    },
    off<Name extends UpstreamEventName>(name: Name, listener: UpstreamListener<Name>) {
      events.remove(name, listener);
      return upstream;
    },
    bind: (inbound: OutboundContext) => bound(dispatcher, inboundContext(inbound)),
    close: () => dispatcher.close(),
  });
  return upstream;
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
