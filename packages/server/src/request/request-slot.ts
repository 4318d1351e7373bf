import type { IncomingMessage } from "node:http";

/**
 * Slots that the copies of this package in a process share. `owner` is in raw headers: the request whose state they hold.
 * `own` is in a request that cannot use its raw headers: an object that holds its state.
 */
const owner: unique symbol = Symbol.for("reissue.owner.1");
const own: unique symbol = Symbol.for("reissue.slots.1");

interface RawHeaders {
  [owner]?: object;
}

interface Message {
  readonly rawHeaders?: unknown;
  readonly [own]?: object;
}

const noSlots: object = Object.freeze({});

/**
 * Returns the object that holds Reissue's state of a request, created if there is none: its raw headers, which Node creates
 * for every request, and no framework replaces.
 *
 * A request made by hand may share its raw headers with others, as a copy of a request does, or have none that can hold
 * anything. It then has an object of its own. A proxy of a request, and an object that inherits from it, share its state.
 */
// perf: docs/performance.md#request-slots
export function slotHolder(request: IncomingMessage): object {
  const headers: unknown = request.rawHeaders;
  if (ownerOf(headers) === request) return headers as object;
  if (ownerOf(headers) === undefined && canHold(request, headers)) {
    headers[owner] = request;
    return headers;
  }
  return sharedHolder(request, headers) ?? separateHolder(request);
}

/** Returns the object that holds Reissue's state of a request; an empty one where there is none. */
// perf: docs/performance.md#request-slots
export function existingHolder(request: IncomingMessage): object {
  const headers: unknown = request.rawHeaders;
  if (ownerOf(headers) === request) return headers as object;
  if (ownerOf(headers) === undefined && canHold(request, headers)) return noSlots;
  return sharedHolder(request, headers) ?? noSlots;
}

/** Gives a request state of its own, apart from that of the request which it inherits from. */
export function separateHolder(request: IncomingMessage): object {
  const holder = {};
  // Not enumerable: a copy of the request must not get it.
  Object.defineProperty(request, own, { value: holder, configurable: true });
  return holder;
}

function ownerOf(headers: unknown): object | undefined {
  return (headers as RawHeaders | null | undefined)?.[owner];
}

/** Whether raw headers can hold state: a getter may create new ones each time. */
function canHold(request: IncomingMessage, headers: unknown): headers is RawHeaders {
  return Object.isExtensible(headers) && request.rawHeaders === headers;
}

/** The holder of a request that is not the owner of its raw headers; null where it has none yet. */
function sharedHolder(request: IncomingMessage, headers: unknown): object | null {
  const holder = (request as Message)[own];
  if (holder !== undefined) return holder;
  const original = ownerOf(headers);
  return original !== undefined && isSameMessage(request, original) ? (headers as object) : null;
}

const probe = Symbol("reissue.probe");

/** Whether one object is the other, a proxy of it, or inherits from it, and is not a copy of it. */
export function isSameMessage(one: object, other: object): boolean {
  if (one === other || inheritsFrom(one, other) || inheritsFrom(other, one)) return true;
  if (!Reflect.defineProperty(other, probe, { value: true, configurable: true })) return false;
  const found = (one as { readonly [probe]?: boolean })[probe] === true;
  Reflect.deleteProperty(other, probe);
  return found;
}

/** Whether an object inherits from another. */
export function inheritsFrom(derived: object, original: object): boolean {
  return Object.prototype.isPrototypeOf.call(original, derived);
}
