import type { CallInit } from "./call-init.ts";
import { headerList, headerPairs, type HeaderList } from "./header-list.ts";
import { isStream, requestBodyInit, type RequestBodyInit } from "./request-body-init.ts";

/** A request that is sent without the platform's fetch. */
export interface DirectRequest {
  /** Absolute, with its fragment. */
  readonly url: URL;
  readonly method: string;
  readonly headers: HeaderList;
  readonly body: RequestBodyInit | null;
  readonly redirect: "follow" | "manual" | "error";
  readonly signal: AbortSignal | null;
}

/** What fetch sends in capitals, however it is given; PATCH is not among them. */
const normalized = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

const forbidden = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Above the first 1023, among which every other is one, the ports that fetch does not call (Fetch §2.9). */
const badPorts = new Set(
  ["1719", "1720", "1723", "2049", "3659", "4045", "4190", "5060", "5061", "6000", "6566"].concat([
    "6665",
    "6666",
    "6667",
    "6668",
    "6669",
    "6679",
    "6697",
    "10080",
  ]),
);

/** What says nothing about the request, where it is said; all else is the platform's to weigh. */
const idle: readonly (readonly [member: keyof CallInit, values: readonly unknown[]])[] = [
  ["mode", ["cors"]],
  ["credentials", ["omit", "same-origin", "include"]],
  ["cache", ["default"]],
  ["referrer", ["about:client"]],
  ["referrerPolicy", [""]],
  ["integrity", [""]],
  ["keepalive", [false]],
  ["window", [null]],
];

/**
 * Reads a request of the usual kind: a URL, a usual method, headers, a body, a signal, what is done about redirects.
 *
 * It means what the platform's fetch would make of it, and nothing is refused here: what is unusual in any way is for
 * the platform to read, which knows the rest of the standard, and words its own errors.
 *
 * @returns null for what is not of this kind; headers that can be read only once are pairs in `init` then.
 * @throws TypeError for a body that cannot be sent.
 */
export function directRequest(input: unknown, init: CallInit): DirectRequest | null {
  const url = plainUrl(input);
  const method = plainMethod(init.method);
  const { redirect = "follow", signal = null, body: givenBody } = init;
  if (url === null || method === null || !isRedirectMode(redirect)) return null;
  if (signal !== null && !(signal instanceof AbortSignal)) return null;
  if (!idle.every(([member, values]) => !(member in init) || values.includes(init[member]))) {
    return null;
  }
  const pairs = headerPairs(init.headers);
  if (pairs === null) return null;
  if ("headers" in init) init.headers = pairs;
  const headers = headerList(pairs);
  if (headers === null || !isSendable(givenBody, method, init.duplex)) return null;
  const body = givenBody === undefined || givenBody === null ? null : requestBodyInit(givenBody);
  if (body !== null && body.type !== null && headers.get("content-type") === undefined) {
    headers.append("content-type", body.type);
  }
  return { url, method, headers, body, redirect, signal };
}

function plainUrl(input: unknown): URL | null {
  if (typeof input !== "string" && !(input instanceof URL)) return null;
  if (!URL.canParse(String(input))) return null;
  const url = new URL(input);
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.username !== "" || url.password !== "") return null;
  return isBadPort(url.port) ? null : url;
}

/** Whether fetch might refuse to call a port. */
export function isBadPort(port: string): boolean {
  return port !== "" && (port.length < 4 || badPorts.has(port));
}

function plainMethod(given: unknown): string | null {
  if (given === undefined) return "GET";
  if (typeof given !== "string") return null;
  const capitals = given.toUpperCase();
  if (normalized.has(capitals)) return capitals;
  return given === capitals && /^[A-Z]+$/.test(given) && !forbidden.has(given) ? given : null;
}

function isRedirectMode(given: unknown): given is DirectRequest["redirect"] {
  return given === "follow" || given === "manual" || given === "error";
}

/** Whether a body may go with that method, and a stream says that it is sent while it is read. */
function isSendable(body: unknown, method: string, duplex: unknown): boolean {
  if (duplex !== undefined && duplex !== "half") return false;
  if (body === undefined || body === null) return true;
  if (method === "GET" || method === "HEAD") return false;
  return typeof body === "function" || duplex === "half" || !isStream(body);
}
