import { isObject, read } from "../failure/error-info.ts";

/**
 * Fields that whoever sends a message sets for it by himself: its framing, its connection, its date and its maker.
 *
 * Not Connection: an error of the application's own may close its connection (413), or name an upgrade (426).
 */
const ofMessage: ReadonlySet<string> = new Set([
  "content-length",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
]);

/** What WHATWG's Headers have, of whichever realm or library, and a Map does not. */
const methods = ["append", "delete", "get", "has", "forEach"];

/**
 * Whether headers are those of a message that has come in: no application puts such on an error of its own.
 *
 * Either they are a `Headers`, of which no framework can send anything (Koa 2 fails at it), or they have a field that
 * belongs to one message on one connection, in whichever of the shapes that clients use: an object, a Map, node:http's
 * flat `rawHeaders` or a list of pairs.
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

/** Names, and in the place of a name whatever else is there. @throws what a hostile one throws. */
function namesIn(headers: object): readonly unknown[] {
  if (headers instanceof Map) return [...headers.keys()];
  if (!Array.isArray(headers)) return Object.keys(headers);
  const list: readonly unknown[] = headers;
  if (list.every((each) => Array.isArray(each))) return list.map((pair) => pair[0]);
  return list.filter((_, index) => index % 2 === 0);
}
