import { getContext, translate as translateFor } from "@reissue/server/internal";

import { rawRequest } from "./exchange.ts";

/**
 * Translates an error for code that responds to errors itself, such as a GraphQL server, whose errors reach no exception
 * filter.
 *
 * @param request - The platform's request, or that of node:http.
 * @returns the error to respond with, with `status`, `headers` and a message for clients, or the same value where
 * Reissue has no response to it, or the request has not come through the module.
 */
export function translate(error: unknown, request: object): unknown {
  const context = getContext(rawRequest(request));
  return context === null ? error : translateFor(error, context);
}
