import type { Dispatcher } from "undici";

import type { ReissueAgent } from "./agent.ts";
import type { Inbound } from "./inbound.ts";
import { headerValue, withHeader } from "./request-headers.ts";
import { requestTarget, type RequestTarget } from "./request-target.ts";
import type { UpstreamRequestOptions } from "./upstream.ts";

/** Makes one call with the semantics of `undici.request`. */
export function requestThrough(
  agent: ReissueAgent,
  inbound: Inbound | undefined,
  url: string | URL,
  options: UpstreamRequestOptions = {},
): Promise<Dispatcher.ResponseData> {
  let target: RequestTarget;
  try {
    target = requestTarget(url, agent.isKnown);
  } catch (error) {
    return Promise.reject(error);
  }
  const { body, headers } = options;
  const isForm = body instanceof URLSearchParams;
  const request = {
    ...options,
    headers:
      isForm && headerValue(headers, "content-type") === undefined
        ? withHeader(headers, "content-type", "application/x-www-form-urlencoded;charset=UTF-8")
        : headers,
    inbound,
    origin: target.origin,
    path: target.path,
    // Undici's own default.
    method: options.method ?? (body === undefined || body === null ? "GET" : "PUT"),
  };
  return agent.request(request as Dispatcher.RequestOptions);
}
