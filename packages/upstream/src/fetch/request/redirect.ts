import { isBadPort } from "./direct-request.ts";
import type { HeaderList } from "./header-list.ts";
import type { RequestBodyInit } from "./request-body-init.ts";

/** Most redirects that one call follows (Fetch §4.4, step 7). */
const maxRedirects = 20;

/** Headers that describe the body, and are dropped with it. */
const bodyHeaders = [
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
  "content-length",
];

/** Headers for one origin only. */
const originHeaders = ["authorization", "proxy-authorization", "cookie"];

/** Target of the next request of a call. */
export interface Target {
  readonly url: URL;
  readonly method: string;
  readonly headers: HeaderList;
  readonly body: RequestBodyInit | null;
}

/**
 * Follows a redirect (Fetch §4.4).
 *
 * @param location - Value of Location, one character for each byte.
 * @param count - Number of redirects followed so far.
 * @throws Error where the redirect leads to a URL that fetch does not call.
 */
export function redirected(from: Target, status: number, location: string, count: number): Target {
  const url = locationUrl(location, from.url);
  if (count === maxRedirects) throw new Error("redirect count exceeded");
  let { method, headers, body } = from;
  if (status !== 303 && body?.source != null) {
    throw new Error(
      "a streamed body cannot be sent a second time, to where the response redirects",
    );
  }
  headers = headers.copy();
  const becomesGet =
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD");
  if (becomesGet) {
    method = "GET";
    body = null;
    for (const name of bodyHeaders) headers.delete(name);
  }
  if (url.origin !== from.url.origin) {
    for (const name of originHeaders) headers.delete(name);
  }
  return { url, method, headers, body };
}

function locationUrl(location: string, base: URL): URL {
  // Some servers send UTF-8 where only ASCII is allowed; browsers decode it.
  const isAscii = /^[\x20-\x7e]*$/.test(location);
  const text = isAscii ? location : Buffer.from(location, "latin1").toString();
  const url = new URL(text, base);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error("URL scheme must be a HTTP(S) scheme");
  }
  if (url.username !== "" || url.password !== "") {
    throw new Error("the URL that the response redirects to has credentials");
  }
  if (isBadPort(url.port)) throw new Error("bad port");
  if (url.hash === "") url.hash = base.hash;
  return url;
}
