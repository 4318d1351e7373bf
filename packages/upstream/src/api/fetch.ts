import type { CallContext } from "../fetch/call-context.ts";
import { readInit } from "../fetch/request/call-init.ts";
import { DirectCall } from "../fetch/direct-call.ts";
import { directRequest } from "../fetch/request/direct-request.ts";
import { platformFetch } from "../fetch/platform-fetch.ts";
import type { ReissueDispatcher } from "../dispatcher.ts";
import { RandomKeys } from "../call/random-keys.ts";
import type { OutboundContext } from "@reissue/core";
import { showCallers } from "./show-callers.ts";

/**
 * Makes one call with the semantics of WHATWG fetch.
 *
 * Ordinary calls are made here, from the caller's values to a response of the platform's class; unusual ones go through
 * the platform's own fetch (docs/decisions/0012).
 */
export async function fetchThrough(
  dispatcher: ReissueDispatcher,
  inbound: OutboundContext | undefined,
  input: unknown,
  given: unknown,
): Promise<Response> {
  dispatcher.callOptions.look(input, given);
  const { init, own } = readInit(given);
  const context: CallContext = { dispatcher, inbound, own, keys: new RandomKeys() };
  const request = directRequest(input, init);
  try {
    if (request === null) return await platformFetch(context, input, init);
    return await new DirectCall(context, request).run();
  } catch (error) {
    throw showCallers(error, fetchThrough);
  }
}
