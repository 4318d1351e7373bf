import type { Dispatcher } from "undici";

import type { ReissueDispatcher } from "../dispatcher.ts";
import { classifyBody, isReadOnce } from "../body/body-kind.ts";
import { sourceOf } from "../body/source/source-of.ts";
import { RequestOptions } from "./request-options.ts";
import type { OutboundContext } from "@reissue/core";
import { requestTarget } from "./request-target.ts";
import { showCallers } from "./show-callers.ts";
import type { UpstreamRequestOptions } from "./call-types.ts";

/** Makes one call with the semantics of `undici.request`. */
export async function requestThrough(
  dispatcher: ReissueDispatcher,
  inbound: OutboundContext | undefined,
  url: string | URL,
  options: UpstreamRequestOptions = {},
): Promise<Dispatcher.ResponseData> {
  dispatcher.callOptions.look(url, options);
  const target = requestTarget(url, dispatcher.knownOrigin);
  const { body } = options;
  // Undici's handler would destroy a Node stream when the call fails; here Reissue decides when and how it is closed.
  const kind = classifyBody(body);
  const source = isReadOnce(kind) ? sourceOf(body, kind) : null;
  // Undici's own default.
  const method = options.method ?? (kind === "none" ? "GET" : "PUT");
  const request = new RequestOptions(options, target, source ?? body, inbound, method);
  try {
    return await dispatcher.request(request as object as Dispatcher.RequestOptions);
  } catch (error) {
    // Also for a call that fails before its first attempt.
    source?.close();
    throw showCallers(error, requestThrough);
  }
}
