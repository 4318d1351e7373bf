import { isReissueAnswer } from "@reissue/core";

import type { InboundRequest } from "./inbound-request.ts";
import { respond } from "./respond.ts";
import { translate } from "./translation.ts";

/**
 * Deals with an error that has escaped from a handler, and tells what is handed on to the application's error handling.
 *
 * @returns null where nothing is: the request has been answered.
 */
export function escape(
  error: unknown,
  inbound: InboundRequest,
): { readonly error: unknown } | null {
  const { request, response, gate } = inbound;
  inbound.unlimit();
  const translation = translate(error, inbound);
  if (translation.action === "drop") {
    inbound.handled();
    return null;
  }
  // One that is whole is left alone, though it be still on its way.
  if (translation.action === "cut" && !response.writableEnded) {
    if (response.socket === null) request.socket.destroy();
    else response.destroy();
  }
  const { error: passed } = translation;
  const render = gate.problemDetails && isReissueAnswer(passed) && !response.headersSent;
  if (!render || inbound.unheard) return { error: passed };
  respond(response, passed, true);
  return null;
}
