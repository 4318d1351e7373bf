import { getContext, handleError, sendError } from "@reissue/server/internal";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { finished, Stream } from "node:stream";

import { respondsTo } from "./responds-to.ts";

/** The members of Koa's response that are used. Structural, so that Koa 2 and 3 both fit. */
export interface KoaResponse {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly ctx: { onerror(error: never): void };
  body: unknown;
}

/** A stream; one of the old kind has no `readableFlowing`. */
interface Body extends NodeJS.ReadableStream {
  readonly readableFlowing?: boolean | null;
}

const watched = Symbol("reissue.body");

/**
 * Ends responses whose body is a stream that fails; patches each application once.
 *
 * Koa 2 pipes such a body and only reports the failure: the client would wait for the rest for ever. Koa 3 destroys the
 * response, but does not notice the failure of a stream that a middleware pipes into another, as compression does.
 * Therefore a setter on the prototype of an application's responses watches every stream that becomes a body; other bodies
 * cost a check of their type.
 *
 * @param response - Koa's response; a context that was made by hand may have none.
 */
export function watchBodies(response: KoaResponse | undefined): void {
  if (response === undefined || watched in response) return;
  const prototype: object = Object.getPrototypeOf(response);
  const inherited = accessorOf(prototype);
  if (inherited === null || !mayChange(prototype)) return;
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

/** Whether the accessor of a prototype may be replaced. */
function mayChange(prototype: object): boolean {
  const own = Object.getOwnPropertyDescriptor(prototype, "body");
  return Object.isExtensible(prototype) && own?.configurable !== false;
}

interface Accessor extends PropertyDescriptor {
  readonly get: () => unknown;
  readonly set: (value: unknown) => void;
}

/** The accessor of `body` that a prototype has or inherits; null where there is none. */
function accessorOf(prototype: object): Accessor | null {
  let holder: object | null = prototype;
  while (holder !== null && !Object.hasOwn(holder, "body")) holder = Object.getPrototypeOf(holder);
  const found = holder === null ? undefined : Object.getOwnPropertyDescriptor(holder, "body");
  return found?.get === undefined || found.set === undefined ? null : (found as Accessor);
}

/** Whether Koa takes a body for a stream; Koa 3 accepts streams of other realms too. */
function isStream(body: object | null): body is Body {
  if (body instanceof Stream) return true;
  const { pipe, on, read } = (body ?? {}) as Partial<Body>;
  return typeof pipe === "function" && typeof on === "function" && typeof read === "function";
}

/** Watches a body before Koa 2 listens to it, which would respond with the failure's own status. */
function watch(response: KoaResponse, stream: Body): void {
  finished(stream, { writable: false }, (error) => {
    if (error != null) onFailure(response, stream, error);
  });
}

/** Responds where a body has failed, or was destroyed before its end. */
function onFailure(response: KoaResponse, stream: Body, error: Error): void {
  const { req, res, body } = response;
  const context = getContext(req);
  // The response has ended or is cut already, or the request came through no gate.
  if (context === null || res.writableEnded || res.destroyed) return;
  // A stream that is not being read may still be replaced, or Koa has yet to come to it.
  const isRead = stream.readableFlowing !== null;
  const isBeingSent = isRead && typeof body === "object" && isStream(body);
  if (!isBeingSent && !(res.headersSent && body === stream)) return;
  // Koa destroys the body of a disconnected client, which does not mean that the work of a keyed request has failed.
  if (res.headersSent || context.clientDisconnected) return cut(res, error);
  const passed = handleError(error, context, respondsTo);
  if (passed === null) return;
  if (passed.asProblem) sendError(res, passed.error, true);
  response.ctx.onerror(passed.error as never);
}

/** Cuts a response, not its connection, which may carry others, over HTTP/2 or with pipelining. */
function cut(res: ServerResponse, error: Error): void {
  // In the pipeline Node 24 and 26 would send its beginning when its turn comes, and then nothing more.
  if (res.socket === null) res.once("socket", (socket: Socket) => socket.destroy(error));
  res.destroy(error);
}
