import type { CallRetryOptions } from "@reissue/core";
import type { Dispatcher } from "undici";

import type { BodyFactory } from "../body/factory-body.ts";

/** Members of the platform's init that are read; one that is undefined counts as absent, as for fetch. */
type PlatformInit = {
  [Member in Exclude<keyof RequestInit, "body" | "dispatcher">]?: RequestInit[Member] | undefined;
};

/**
 * Init of `upstream(url, init)`: the platform's own, and Reissue's options for the call.
 *
 * A `dispatcher` is ignored.
 */
export interface UpstreamInit extends PlatformInit {
  /**
   * Any body that fetch takes, fixed when the call begins; or a function that is asked for one before each attempt, of
   * which bytes are not copied.
   */
  body?: RequestInit["body"] | BodyFactory | undefined;
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
