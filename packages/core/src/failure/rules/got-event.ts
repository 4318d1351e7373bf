import { readString, type Link } from "../error-info.ts";
import { shapes, type Shape } from "../failure-spec.ts";

/** What each of got's timers waits for (`TimeoutError.event`, got's documentation of `timeout`). */
const events: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ["lookup", shapes.resolverTimeout],
  ["connect", shapes.connectTimeout],
  ["secureConnect", shapes.handshakeTimeout],
  ["socket", shapes.answerTimeout],
  ["send", shapes.answerTimeout],
  ["response", shapes.answerTimeout],
  ["read", shapes.bodyTimeout],
  ["request", shapes.answerTimeout],
]);

/** The row of a timer of got's that ran out; null for every other error. */
export function shapeOfGotEvent(link: Link): Shape | null {
  if (link.code !== "ETIMEDOUT" || link.syscall !== null) return null;
  return events.get(readString(link.error, "event", 20) ?? "") ?? null;
}
