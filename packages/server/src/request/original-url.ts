import type { IncomingMessage } from "node:http";

/**
 * The path of a request as its client sent it, with its query; mounts shorten what requests say.
 *
 * @param carrier - What the framework gives its middleware. Express keeps the path on the request, also where Koa is
 * mounted in it; Koa on its context alone.
 */
export function originalUrl(request: IncomingMessage, carrier: unknown): string {
  return originalUrlOf(request) ?? originalUrlOf(carrier) ?? request.url ?? "";
}

function originalUrlOf(carrier: unknown): string | null {
  const { originalUrl } = carrier as { readonly originalUrl?: unknown };
  return typeof originalUrl === "string" ? originalUrl : null;
}
