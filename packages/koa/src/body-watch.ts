import { getContext, handleError, sendError } from "@reissue/server/internal";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { finished, Stream } from "node:stream";

import { respondsTo } from "./responds-to.ts";

/** What of Koa's response is used. Structural, so that Koa 2 and 3 both fit. */
export interface KoaResponse {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly ctx: { onerror(error: never): void };
  body: unknown;
}

/** What of a stream is used; a stream of old has no `readableFlowing`. */
interface Body extends NodeJS.ReadableStream {
  readonly readableFlowing?: boolean | null;
}

const watched = Symbol("reissue.body");

/**
 * Sees to it that a response does not hang whose body is a stream that fails, once an application.
 *
 * Koa 2 pipes such a body, and only reports that it failed: its client would wait for the rest for ever. Koa 3 destroys
 * the response, but hears nothing of a stream that a middleware has put another one behind, as compression does. So
 * every stream is watched that becomes a body, by a setter on the prototype that Koa gives to the responses of an
 * application; what is no stream costs a look at its type.
 *
 * @param response - Koa's of the request at hand; a context that was made by hand may have none.
 */
export function watchBodies(response: KoaResponse | undefined): void {
  if (response === undefined || watched in response) return;
  const prototype: object = Object.getPrototypeOf(response);
  const inherited = accessorOf(prototype);
  if (inherited === null) return;
  const { get, set } = inherited;
  const body: PropertyDescriptor & ThisType<KoaResponse> = {
    ...inherited,
    set(body: unknown) {
      if (typeof body === "object" && isStream(body) && body !== get.call(this)) watch(this, body);
      set.call(this, body);
    },
  };
  Object.defineProperty(prototype, "body", body);
  Object.defineProperty(prototype, watched, { value: true });
}

interface Accessor extends PropertyDescriptor {
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

/** The accessor of a body that a prototype has or inherits; null where there is none. */
function accessorOf(prototype: object): Accessor | null {
  let holder: object | null = prototype;
  while (holder !== null && !Object.hasOwn(holder, "body")) holder = Object.getPrototypeOf(holder);
  const found = holder === null ? undefined : Object.getOwnPropertyDescriptor(holder, "body");
  return found?.get === undefined || found.set === undefined ? null : (found as Accessor);
}

/** As Koa tells them; 3 takes those of other realms too. */
function isStream(body: object | null): body is Body {
  if (body instanceof Stream) return true;
  const { pipe, on, read } = (body ?? {}) as Partial<Body>;
  return typeof pipe === "function" && typeof on === "function" && typeof read === "function";
}

/** Before Koa 2 listens itself, which would answer with what the failure says of its own. */
function watch(response: KoaResponse, stream: Body): void {
  finished(stream, { writable: false }, (error) => {
    if (error != null) failed(response, stream, error);
  });
}

/** Deals with a body that has failed, or was destroyed before its end. */
function failed(response: KoaResponse, stream: Body, error: Error): void {
  const { req, res, body } = response;
  const inbound = getContext(req);
  // Whole, or cut already; or no gate's.
  if (inbound === null || res.writableEnded || res.destroyed) return;
  // Nobody has begun to read it: whoever set it may still set another, or Koa comes to it.
  const isRead = stream.readableFlowing !== null;
  const isOnItsWay = isRead && typeof body === "object" && isStream(body);
  if (!isOnItsWay && !(res.headersSent && body === stream)) return;
  // Koa destroys a body as its client leaves, which says nothing of a keyed request's work: it is not to run again.
  if (res.headersSent || inbound.clientDisconnected) return cut(res, error);
  const passed = handleError(error, inbound, respondsTo);
  if (passed === null) return;
  if (passed.asProblem) sendError(res, passed.error, true);
  response.ctx.onerror(passed.error as never);
}

/** Not the connection at once: it may carry others, over HTTP/2 or to a client that does not wait for their answers. */
function cut(res: ServerResponse, error: Error): void {
  // Node 24 and 26 would send what there is of it when its turn comes, and then no more.
  if (res.socket === null) res.once("socket", (socket: Socket) => socket.destroy(error));
  res.destroy(error);
}
