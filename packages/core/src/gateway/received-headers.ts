import { isObject, read } from "../failure/error-info.ts";

/**
 * Fields that the sender of each message sets itself: its framing, its connection, its date and its server.
 *
 * Not Connection: an application's own error may close its connection (413), or name an upgrade (426).
 */
const ofMessage: ReadonlySet<string> = new Set([
  "content-length",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
]);

/** Methods of WHATWG's Headers, of any realm or library, that a Map does not have. */
const methods = ["append", "delete", "get", "has", "forEach"];

/**
 * Whether headers are those of a received message, which no application sets on an error of its own.
 *
 * They are either a `Headers`, which no framework can send (Koa 2 fails at it), or have a field that belongs to one
 * message on one connection, in any form that clients use: an object, a Map, node:http's flat `rawHeaders` or a list of
 * pairs.
 */
export function areReceived(headers: unknown): boolean {
  if (!isObject(headers)) return false;
  if (methods.every((name) => typeof read(headers, name) === "function")) return true;
  try {
    return namesIn(headers).some((name) => ofMessage.has(String(name).toLowerCase()));
  } catch {
    return false;
  }
}

/** Names, and other values in place of names. */
function namesIn(headers: object): readonly unknown[] {
  if (headers instanceof Map) return [...headers.keys()];
  if (!Array.isArray(headers)) return Object.keys(headers);
  const list: readonly unknown[] = headers;
  if (list.every((each) => Array.isArray(each))) return list.map((pair) => pair[0]);
  return list.filter((_, index) => index % 2 === 0);
}
