import { ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { slotHolder } from "../request/request-slot.ts";
import { leaveStream } from "./detached-stream.ts";
import { names, type Methods } from "./response-methods.ts";
import { detachClient } from "./detached-socket.ts";
import { watchServerClosing, type ClosableServer } from "./server-closing.ts";

/** What is told in a response's place. */
export interface ResponseHooks extends Methods {
  /** Whether its `end` has been called. */
  readonly hasEnded: boolean;
  /**
   * Told that the client has left, before the response is.
   *
   * @param give - Puts something in its place, unless the response is to end; gives what to call from then on, or null
   * for the same.
   */
  leave(give: () => Methods | null): void;
}

const intercepted = Symbol("reissue.response");

/** A response that has the methods of its own. */
interface Owner extends ServerResponse {
  [intercepted]?: ResponseHooks;
}

/** What carries the interception of a response whose prototype has the methods. */
interface Carrier {
  [intercepted]?: { readonly response: ServerResponse; readonly interceptor: ResponseHooks };
}

/**
 * Puts an interceptor between a response and whoever writes it. Wrappers that others have put there before are called by
 * the originals; what others put there later calls the interceptor.
 *
 * The methods go on the prototype that a framework gives to all its responses, if it has one, and there do nothing for
 * those that nobody intercepts: as properties of its own they would cost each of Express' 29 µs (Node 20.20, measured
 * alone).
 *
 * @param make - Given the original methods, to be called on the response.
 */
export function patchResponse(
  response: ServerResponse,
  make: (originals: Methods) => ResponseHooks,
): void {
  const current = response as unknown as Methods;
  const shared = sharedBy(response);
  const prototype: Methods = Object.getPrototypeOf(response);
  // Asked of the prototype, which V8 knows: each of Express' responses has a hidden class of its own.
  const isOwn =
    shared === null ||
    names.some((name) => Object.hasOwn(response, name) || prototype[name] !== shared.methods[name]);
  const { writeHead, write, end, addTrailers, flushHeaders } = isOwn ? current : shared.originals();
  const interceptor = make({ writeHead, write, end, addTrailers, flushHeaders });
  if (!isOwn) {
    (slotHolder(response.req) as Carrier)[intercepted] = { response, interceptor };
  } else {
    (response as Owner)[intercepted] = interceptor;
    Object.assign(response, own.methods);
  }
  watch(response);
}

/** A socket of node:http's, which knows the response that is written to it. */
interface Connection extends Socket {
  readonly _httpMessage?: ServerResponse | null;
  readonly server?: ClosableServer & { readonly listening?: boolean };
}

/** Of each connection that is watched, the responses that wait for those before them: it does not know them yet. */
const watched = new WeakMap<Socket, Set<ServerResponse>>();

/** Tells the interceptors of the responses on a connection that its client has left. */
function watch(response: ServerResponse): void {
  if (response.req.httpVersionMajor > 1) return watchStream(response);
  const socket: Connection | null | undefined = response.req.socket;
  // Requests that were made by hand have none, or one that tells nothing.
  if (typeof socket?.prependListener !== "function") return;
  const waiting = watched.get(socket) ?? watchAnew(socket);
  // Asked of the socket first: each of Express' responses has a hidden class of its own.
  if (socket._httpMessage === response || response.socket !== null) return;
  waiting.add(response);
  response.once("socket", () => waiting.delete(response));
}

/** A response over HTTP/2, as far as node:http's has nothing like it. */
interface Http2Response extends ServerResponse {
  readonly stream?: { prependListener?(event: "close", listener: () => void): unknown };
}

/** Tells the interceptor of a response over HTTP/2 that its client has closed the stream. */
function watchStream(response: Http2Response): void {
  let isOwn = false;
  const destroy = response.destroy.bind(response);
  // One that its handler has destroyed was not left by its client.
  response.destroy = (error) => {
    isOwn = true;
    return destroy(error);
  };
  response.stream?.prependListener?.("close", () => {
    const interceptor = (response as Owner)[intercepted] ?? carried(response);
    if (!isOwn) interceptor?.leave(() => leaveStream(response));
  });
}

function watchAnew(socket: Connection): Set<ServerResponse> {
  const waiting = new Set<ServerResponse>();
  watched.set(socket, waiting);
  // Once for all of its requests, and before Node tells the responses.
  let hasTimedOut = false;
  const destroyed = watchServerClosing(socket);
  socket.on("timeout", () => (hasTimedOut = true));
  socket.prependListener("close", () => {
    const isOwn = !hasTimedOut && !destroyed.isByServer && wasDestroyed(socket);
    for (const response of [socket._httpMessage, ...waiting]) {
      // One that its handler has destroyed, alone or with its connection, was not left by its client.
      if (response == null || response.destroyed) continue;
      if (isOwn && response === socket._httpMessage) continue;
      const interceptor = (response as Owner)[intercepted] ?? carried(response);
      interceptor?.leave(() => detachClient(response, socket));
    }
  });
  return waiting;
}

/**
 * Whether a connection was ended by a handler of this process, and neither by its peer nor by a server that closes: it
 * has neither been told of an end nor failed.
 */
function wasDestroyed(socket: Connection): boolean {
  return !socket.readableEnded && socket.errored == null && socket.server?.listening !== false;
}

/** What takes the place of methods, and the originals that are called for whom nobody intercepts. */
interface Replacement {
  readonly originals: () => Methods;
  readonly methods: Methods;
}

const own = replacement(
  () => ServerResponse.prototype as unknown as Methods,
  (response) => (response as Owner)[intercepted],
);

const replaced = new WeakMap<object, Replacement>();

/** That of a response's prototype, put there if it is new; null where there is none, or it has methods of its own. */
function sharedBy(response: ServerResponse): Replacement | null {
  const prototype = prototypeOf(response);
  if (prototype === null) return null;
  const before = replaced.get(prototype);
  if (before !== undefined) return before;
  if ([...names, "writableEnded"].some((name) => Object.hasOwn(prototype, name))) return null;
  // Asked each time: light-my-request puts its own behind that of Express' responses when it injects the first one.
  const shared = replacement(() => Object.getPrototypeOf(prototype) as Methods, carried);
  Object.assign(prototype, shared.methods);
  Object.defineProperty(prototype, "writableEnded", {
    configurable: true,
    get(this: ServerResponse) {
      // What Node's own says of it.
      return this.finished || carried(this)?.hasEnded === true;
    },
  });
  replaced.set(prototype, shared);
  return shared;
}

/** What stands right before Node's own in the chain of a response's prototypes; null where nothing does. */
function prototypeOf(response: ServerResponse): object | null {
  let last: object | null = null;
  let prototype: object | null = Object.getPrototypeOf(response);
  while (prototype !== null && prototype !== ServerResponse.prototype) {
    last = prototype;
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype === null ? null : last;
}

/** The interceptor that a request carries for this response; it may have others, made by hand. */
function carried(response: ServerResponse): ResponseHooks | undefined {
  // A prototype has none, though it may be asked.
  if (response.req == null) return undefined;
  const interception = (slotHolder(response.req) as Carrier)[intercepted];
  if (interception === undefined) return undefined;
  return isSame(response, interception.response) ? interception.interceptor : undefined;
}

/** Whether one is the other, or a proxy of it, or inherits from it. */
function isSame(one: ServerResponse, other: ServerResponse): boolean {
  if (one === other) return true;
  const { outputData } = one as { outputData?: unknown };
  // Node's, and not documented: without it a proxy is taken for another response, and its key is closed without the answer.
  return outputData !== undefined && outputData === (other as { outputData?: unknown }).outputData;
}

function replacement(
  originals: () => Methods,
  interceptorOf: (response: ServerResponse) => ResponseHooks | undefined,
): Replacement {
  const method = (name: keyof Methods) =>
    function (this: ServerResponse, ...args: unknown[]): unknown {
      const interceptor = interceptorOf(this);
      if (interceptor === undefined) return Reflect.apply(originals()[name], this, args);
      return interceptor[name](...args);
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
 * Has a response say that it has ended, though its end be held, or an end that others have put there go on later: Node's
 * own says so only once it has been called. As a property of the response's own then alone, since most have ended by then.
 */
export function markEnded(response: ServerResponse): void {
  // Those whose prototype has the methods say so by themselves.
  if (response.finished || response.writableEnded) return;
  Object.defineProperty(response, "writableEnded", { configurable: true, value: true });
}
