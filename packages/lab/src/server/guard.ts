import type { IncomingHttpHeaders } from "node:http";

/** What of a request decides whether it is served. */
export interface GuardedRequest {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly text: string;
}

/**
 * Names under which the server may be called, as they appear in Host.
 *
 * A page on another host can have its name resolve to 127.0.0.1 (DNS rebinding); its requests carry that name.
 */
export function ownHosts(port: number): readonly string[] {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  // Browsers leave out the default port.
  return names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
}

/**
 * Refuses requests that another web page may have caused.
 *
 * @param hosts - Of {@link ownHosts}.
 * @returns null for a request to serve
 */
export function refusal(
  { method, headers }: GuardedRequest,
  hosts: readonly string[],
): Refusal | null {
  if (!hosts.includes(headers.host?.toLowerCase() ?? "")) {
    return { status: 421, text: "This server is not called that." };
  }
  const { origin } = headers;
  const isOwn = origin !== undefined && hosts.some((host) => origin === `http://${host}`);
  if (origin !== undefined && !isOwn)
    return { status: 403, text: "Requests of other pages are refused." };
  const site = headers["sec-fetch-site"];
  // `none`: typed into the address bar.
  const isForeign = site !== undefined && site !== "same-origin" && site !== "none";
  const isNavigation = method === "GET" && headers["sec-fetch-mode"] === "navigate";
  if (isForeign && !isNavigation)
    return { status: 403, text: "Requests of other pages are refused." };
  if (method === "GET" || method === "HEAD") return null;
  // Browsers send Origin with every POST.
  if (!isOwn) return { status: 403, text: "Origin is missing." };
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  // What a form of another page cannot send.
  if (type !== "application/json") return { status: 415, text: "Send application/json." };
  return null;
}
