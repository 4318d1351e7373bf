import { IncomingMessage } from "node:http";

import { OptionError } from "@reissue/core";

/**
 * Refuses options that are a request: what creates a middleware was mounted in the place of the middleware, and the
 * framework has called it.
 *
 * @param path - Path of the options.
 * @param call - How to write it, such as `call reissue()`.
 */
export function checkCalled(options: unknown, path: string, call: string): void {
  // Koa's context has the request.
  const { req = options } = Object(options) as { readonly req?: unknown };
  if (req instanceof IncomingMessage)
    throw new OptionError(path, `is a request: ${call}, to mount what it returns`);
}
