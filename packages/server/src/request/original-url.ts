import type { IncomingMessage } from "node:http";

/**
 * The path of a request as the client sent it, with its query; mounted applications shorten `request.url`.
 *
 * @param frameworkContext - The argument of the framework's middleware. Express stores the path on the request, also
 * where Koa is mounted in it; Koa on its context alone.
 */
export function originalUrl(request: IncomingMessage, frameworkContext: unknown): string {
  return originalUrlOf(request) ?? originalUrlOf(frameworkContext) ?? request.url ?? "";
}

function originalUrlOf(source: unknown): string | null {
  const { originalUrl } = source as { readonly originalUrl?: unknown };
  return typeof originalUrl === "string" ? originalUrl : null;
}
