import { isErrorResponse } from "@reissue/core/internal";

import type { RequestContext } from "../request/request-context.ts";
import { translateError } from "./translate-error.ts";

/**
 * Translates an error for code that responds to errors itself, such as a GraphQL server: no error reaches the framework
 * there. The request counts as failed if its error is translated, so that no response of its key is stored as a success;
 * the response is left to the caller.
 *
 * @returns the error to respond with, with its status, headers and a message for clients, or the same value where
 * Reissue has no response to it.
 */
export function translate(error: unknown, context: RequestContext): unknown {
  const translation = translateError(error, context, () => true);
  const translated = translation.action === "drop" ? error : translation.error;
  if (translated !== error && isErrorResponse(translated)) context.hasFailed = true;
  return translated;
}
