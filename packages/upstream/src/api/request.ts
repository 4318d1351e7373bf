import type { Dispatcher } from "undici";

import type { ReissueDispatcher } from "../dispatcher.ts";
import { classifyBody, isReadOnce } from "../body/body-kind.ts";
import { sourceOf } from "../body/source/source-of.ts";
import type { Source } from "../body/source/source.ts";
import { RequestOptions } from "./request-options.ts";
import type { OutboundContext } from "@reissue/core";
import { requestTarget, type RequestTarget } from "./request-target.ts";
import type { UpstreamRequestOptions } from "./call-types.ts";

/** Makes one call with the semantics of `undici.request`. */
export function requestThrough(
  dispatcher: ReissueDispatcher,
  inbound: OutboundContext | undefined,
  url: string | URL,
  options: UpstreamRequestOptions = {},
): Promise<Dispatcher.ResponseData> {
  let target: RequestTarget;
  try {
    target = requestTarget(url, dispatcher.knownOrigin);
  } catch (error) {
    return Promise.reject(error);
  }
  const { body } = options;
  // Undici's handler would destroy a Node stream when the call fails; here Reissue decides when and how it is closed.
  const kind = classifyBody(body);
  const source = isReadOnce(kind) ? sourceOf(body, kind) : null;
  // Undici's own default.
  const method = options.method ?? (kind === "none" ? "GET" : "PUT");
  const request = new RequestOptions(options, target, source ?? body, inbound, method);
  const response = dispatcher.request(request as object as Dispatcher.RequestOptions);
  return source === null ? response : closingOnFailure(response, source);
}

/** Closes the source of a call that fails, even before its first attempt. */
async function closingOnFailure<T>(response: Promise<T>, source: Source): Promise<T> {
  try {
    return await response;
  } catch (error) {
    source.close();
    throw error;
  }
}
