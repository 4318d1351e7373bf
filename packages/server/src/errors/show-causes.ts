import { isErrorResponse, showCausesInStack } from "@reissue/core/internal";

/**
 * Shows in the stack of Reissue's own error of a request why the request failed, for a default error handler that prints
 * nothing but the stack. Other errors are the application's, and stay as they are.
 *
 * @param mayShow - Whether a reader may see the causes; asked at each reading.
 */
export function showCauses(error: unknown, mayShow?: () => boolean): void {
  if (isErrorResponse(error)) showCausesInStack(error, null, mayShow);
}
