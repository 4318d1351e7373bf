import { ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { frameworkPrototype } from "../request/framework-prototype.ts";
import { existingHolder, slotHolder } from "../request/request-slot.ts";
import { detachStream } from "./detached-stream.ts";
import { names, type Methods } from "./response-methods.ts";
import { detachClient } from "./detached-socket.ts";
import { watchServerClosing, type ClosableServer } from "./server-closing.ts";

/** The methods that are called in the place of a response's own. */
export interface ResponseHooks extends Methods {
  /** Whether `end` has been called. */
  readonly hasEnded: boolean;
  /**
   * Called when the client has disconnected, before the response learns of it.
   *
   * @param detach - Has the response go on without its client. To be called unless the response is to end; returns the
   * methods to call from then on, or null where they stay the same.
   */
  onDisconnect(detach: () => Methods | null): void;
}

const hooksSlot = Symbol("reissue.response");

/** A response that is patched itself. */
interface PatchedResponse extends ServerResponse {
  [hooksSlot]?: ResponseHooks;
}

/** The slots of a request whose response is patched on its prototype. */
interface RequestSlots {
  [hooksSlot]?: { readonly response: ServerResponse; readonly hooks: ResponseHooks };
}

/**
 * Puts hooks between a response and the code that writes it. Wrappers that others have put on the response before are
 * called by the originals; wrappers that are put there later call the hooks.
 *
 * The methods are patched on the prototype that a framework gives to all its responses, where there is one, and there do
 * nothing for responses without hooks.
 *
 * @param create - Creates the hooks, given the original methods, to be called on the response.
 */
// perf: docs/performance.md#methods-on-the-prototype
export function patchResponse(
  response: ServerResponse,
  create: (originals: Methods) => ResponseHooks,
): void {
  const current = response as unknown as Methods;
  const shared = patchPrototype(response);
  const prototype: Methods = Object.getPrototypeOf(response);
  const isPatchedItself =
    shared === null ||
    names.some((name) => Object.hasOwn(response, name) || prototype[name] !== shared.methods[name]);
  const { writeHead, write, end, addTrailers, flushHeaders } = isPatchedItself
    ? current
    : shared.originals();
  const hooks = create({ writeHead, write, end, addTrailers, flushHeaders });
  if (!isPatchedItself) {
    (slotHolder(response.req) as RequestSlots)[hooksSlot] = { response, hooks };
  } else {
    (response as PatchedResponse)[hooksSlot] = hooks;
    Object.assign(response, ownPatch.methods);
  }
  watchDisconnect(response);
}

/** A socket of node:http, with the response that is written to it. */
interface Connection extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly server?: ClosableServer & { readonly listening?: boolean };
}

/** The responses that wait for those before them, of each watched connection; the connection does not name them yet. */
const watched = new WeakMap<Socket, Set<ServerResponse>>();

/** Calls the hooks of a response when its client disconnects. */
function watchDisconnect(response: ServerResponse): void {
  if (response.req.httpVersionMajor > 1) return watchStream(response);
  const socket: Connection | null | undefined = response.req.socket;
  // Requests that were made by hand have no socket, or one without events.
  if (typeof socket?.prependListener !== "function") return;
  const waiting = watched.get(socket) ?? watchConnection(socket);
  // perf: the socket first, docs/performance.md#methods-on-the-prototype
  if (socket._httpMessage === response || response.socket !== null) return;
  waiting.add(response);
  response.once("socket", () => waiting.delete(response));
}

/** A response over HTTP/2, with the property that node:http's have not. */
interface Http2Response extends ServerResponse {
  readonly stream?: { prependListener?(event: "close", listener: () => void): unknown };
}

/** Calls the hooks of a response over HTTP/2 when its client closes the stream. */
function watchStream(response: Http2Response): void {
  let isDestroyedByHandler = false;
  const destroy = response.destroy.bind(response);
  response.destroy = (error) => {
    isDestroyedByHandler = true;
    return destroy(error);
  };
  response.stream?.prependListener?.("close", () => {
    const hooks = (response as PatchedResponse)[hooksSlot] ?? hooksOf(response);
    if (!isDestroyedByHandler) hooks?.onDisconnect(() => detachStream(response));
  });
}

/** Watches a connection for all of its requests. */
function watchConnection(socket: Connection): Set<ServerResponse> {
  const waiting = new Set<ServerResponse>();
  watched.set(socket, waiting);
  let hasTimedOut = false;
  const destroyed = watchServerClosing(socket);
  socket.on("timeout", () => (hasTimedOut = true));
  // Before Node's own listener, which tells the responses.
  socket.prependListener("close", () => {
    const isByHandler = !hasTimedOut && !destroyed.isByServer && wasDestroyed(socket);
    for (const response of [socket._httpMessage, ...waiting]) {
      // A response that its handler has destroyed, alone or with its connection, was not cut by a disconnect.
      if (response == null || response.destroyed) continue;
      if (isByHandler && response === socket._httpMessage) continue;
      const hooks = (response as PatchedResponse)[hooksSlot] ?? hooksOf(response);
      hooks?.onDisconnect(() => detachClient(response, socket));
    }
  });
  return waiting;
}

/**
 * Whether a connection was ended by a handler of this process, and neither by its peer nor by a server that closes: it
 * has neither received an end nor failed.
 */
function wasDestroyed(socket: Connection): boolean {
  return !socket.readableEnded && socket.errored == null && socket.server?.listening !== false;
}

/** Patched methods, and the originals that are called for responses without hooks. */
interface Patch {
  readonly originals: () => Methods;
  readonly methods: Methods;
}

const ownPatch = createPatch(
  () => ServerResponse.prototype as unknown as Methods,
  (response) => (response as PatchedResponse)[hooksSlot],
);

const patches = new WeakMap<object, Patch>();

/**
 * Patches the prototype that a response shares with its framework's others, once.
 *
 * @returns null where there is no such prototype, or it has methods of its own, or cannot get any.
 */
function patchPrototype(response: ServerResponse): Patch | null {
  const prototype = frameworkPrototype(response, ServerResponse.prototype);
  if (prototype === null) return null;
  const existing = patches.get(prototype);
  if (existing !== undefined) return existing;
  const isTaken = [...names, "writableEnded"].some((name) => Object.hasOwn(prototype, name));
  if (isTaken || !Object.isExtensible(prototype)) return null;
  // Looked up at each call: light-my-request inserts a prototype of its own here when it injects its first request.
  const patch = createPatch(() => Object.getPrototypeOf(prototype) as Methods, hooksOf);
  Object.assign(prototype, patch.methods);
  Object.defineProperty(prototype, "writableEnded", {
    configurable: true,
    get(this: ServerResponse) {
      // `finished` is what Node's own getter returns.
      return this.finished || hooksOf(this)?.hasEnded === true;
    },
  });
  patches.set(prototype, patch);
  return patch;
}

/** The hooks of a response whose prototype is patched. A request may have other responses too, made by hand. */
function hooksOf(response: ServerResponse): ResponseHooks | undefined {
  // The getter may be read on the prototype, which has no request.
  if (response.req == null) return undefined;
  const patched = (existingHolder(response.req) as RequestSlots)[hooksSlot];
  if (patched === undefined) return undefined;
  return isSame(response, patched.response) ? patched.hooks : undefined;
}

/** Whether one response is the other, or a proxy of it, or inherits from it. */
function isSame(one: ServerResponse, other: ServerResponse): boolean {
  if (one === other) return true;
  const { outputData } = one as { outputData?: unknown };
  // Undocumented; without it a proxy counts as another response, and its key is settled without a response.
  return outputData !== undefined && outputData === (other as { outputData?: unknown }).outputData;
}

function createPatch(
  originals: () => Methods,
  hooksFor: (response: ServerResponse) => ResponseHooks | undefined,
): Patch {
  const method = (name: keyof Methods) =>
    function (this: ServerResponse, ...args: unknown[]): unknown {
      const hooks = hooksFor(this);
      if (hooks === undefined) return Reflect.apply(originals()[name], this, args);
      return hooks[name](...args);
    };
  return {
    originals,
    methods: {
      writeHead: method("writeHead"),
      write: method("write"),
      end: method("end"),
      addTrailers: method("addTrailers"),
      flushHeaders: method("flushHeaders"),
    },
  };
}

/**
 * Marks a response as ended while its end is delayed, or an `end` that others have patched in goes on later: Node's own
 * `writableEnded` is true only after Node's `end`. Defined late, since most responses have ended by then.
 */
export function markEnded(response: ServerResponse): void {
  // A patched prototype has a getter for it.
  if (response.finished || response.writableEnded) return;
  Object.defineProperty(response, "writableEnded", { configurable: true, value: true });
}
