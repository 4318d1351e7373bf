import type { CallInit } from "./call-init.ts";
import { headerList, headerPairs, type HeaderList } from "./header-list.ts";
import { isStream, requestBodyInit, type RequestBodyInit } from "./request-body-init.ts";

/** Request that is sent without the platform's fetch. */
export interface DirectRequest {
  /** Absolute, with its fragment. */
  readonly url: URL;
  readonly method: string;
  readonly headers: HeaderList;
  readonly body: RequestBodyInit | null;
  readonly redirect: "follow" | "manual" | "error";
  readonly signal: AbortSignal | null;
}

/** Methods that fetch sends in capitals, however they are written; PATCH is not among them. */
const normalized = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

const forbidden = new Set(["CONNECT", "TRACE", "TRACK"]);

/** Ports above 1023 that fetch does not call (Fetch §2.9). */
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

/** Members and values that change nothing about the request; any other value is left to the platform. */
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
 * Reads an ordinary request: a URL, a usual method, headers, a body, a signal, a redirect mode.
 *
 * The result means the same as for the platform's fetch, and nothing is refused here: anything unusual is left to the
 * platform, which knows the rest of the standard and has its own error messages.
 *
 * @returns null for any other request; headers that can be read only once are then pairs in `init`.
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

/** Whether the method may have a body, and a stream declares that it is sent while it is read. */
function isSendable(body: unknown, method: string, duplex: unknown): boolean {
  if (duplex !== undefined && duplex !== "half") return false;
  if (body === undefined || body === null) return true;
  if (method === "GET" || method === "HEAD") return false;
  return typeof body === "function" || duplex === "half" || !isStream(body);
}
