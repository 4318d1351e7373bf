import type { ServerResponse } from "node:http";

import type { Awaitable, Field } from "@reissue/core";
import { isPromise } from "@reissue/core/internal";

import { DelayedEnd, endAgain, writeAfterEnd } from "./delayed-end.ts";
import { asSent, firstChunkOf, type FirstChunk } from "./head-encoding.ts";
import {
  givenHead,
  headOf,
  setHeaders,
  type ResponseHead,
  type HeaderFilter,
} from "./response-head.ts";
import { headersSet } from "./set-headers.ts";
import { patchResponse, markEnded, type ResponseHooks } from "./patch-response.ts";
import type { Method, Methods } from "./response-methods.ts";
import { bytesOf, isChunk, RecordedBody } from "./recorded-body.ts";
import { isClientDetached } from "./detached-socket.ts";
import { makeRoomForListeners } from "./listener-room.ts";

/** A response as its handler wrote it. */
export interface RecordedResponse {
  readonly head: ResponseHead;
  readonly trailers: readonly Field[];
  /** Null where there were more bytes than are stored, or fewer than were declared, or the response was cut. */
  readonly body: Buffer | null;
}

/** The receiver of a recorded response. */
export interface RecorderListener {
  /** The largest body that is recorded, in bytes. */
  readonly maxBytes: number;
  readonly isStoredHeader: HeaderFilter;
  /** Called once the response is complete; its last byte is sent when the result has settled. Must not fail. */
  onComplete(recorded: RecordedResponse): Awaitable<unknown>;
  /**
   * Called where the response was cut.
   *
   * @param head - Null where its handler destroyed it before anything was sent.
   */
  onCut(head: ResponseHead | null): void;
  /** Called where the client disconnected before anything was sent; the recording goes on. */
  onDisconnect(): void;
}

/**
 * Records a response as its handler writes it, whatever the handler uses: everything comes down to `writeHead`, `write`
 * and `end`.
 *
 * Everything is sent at once but for the last step, so that no client has a complete response that is not stored. The
 * last step is `end`, or the chunk that completes a declared Content-Length, or the head of a response without a body.
 *
 * A client that disconnects before anything was sent changes nothing: the response goes on without it, and is recorded. A
 * client that disconnects later cuts the response.
 */
export function recordResponse(response: ServerResponse, listener: RecorderListener): void {
  patchResponse(response, (originals) => new ResponseRecorder(response, listener, originals));
}

class ResponseRecorder implements ResponseHooks {
  readonly #response: ServerResponse;
  readonly #listener: RecorderListener;
  #originals: Methods;
  readonly #body: RecordedBody;
  readonly #delayedEnd: DelayedEnd;
  readonly #isHeadRequest: boolean;
  #head: ResponseHead | null = null;
  /** Null until the head is sent. */
  #firstChunk: FirstChunk | null = null;
  /** Whether a part of the response has been sent. */
  #hasBegun = false;
  #hasEnded = false;
  /** Whether the response is complete, or was cut before it was. */
  #isSettled = false;

  constructor(response: ServerResponse, listener: RecorderListener, originals: Methods) {
    this.#response = response;
    this.#listener = listener;
    this.#originals = originals;
    this.#body = new RecordedBody(listener.maxBytes);
    this.#delayedEnd = new DelayedEnd(response);
    this.#isHeadRequest = response.req.method === "HEAD";
    makeRoomForListeners(response);
    response.on("close", () => this.#onClose());
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  writeHead(status: unknown, ...rest: unknown[]): unknown {
    const response = this.#response;
    if (response.headersSent) {
      return Reflect.apply(this.#originals.writeHead, response, [status, ...rest]);
    }
    const reason = typeof rest[0] === "string" ? [rest[0]] : [];
    // As Node tells headers from a reason.
    const headers = rest[1] ?? (reason.length > 0 ? undefined : rest[0]);
    const given = typeof headers === "object" && headers !== null ? headers : undefined;
    // Compression that is mounted inside the gate has set its headers by now, and outside has not touched them yet.
    const { isStoredHeader } = this.#listener;
    const head = given === undefined ? null : givenHead(response, status, given, isStoredHeader);
    if (head !== null) return this.#writeHead(head, [status, ...reason, given]);
    if (given !== undefined) setHeaders(response, given);
    return this.#writeHead(this.#headWith(status), [status, ...reason]);
  }

  write(...args: unknown[]): unknown {
    const response = this.#response;
    const { write } = this.#originals;
    if (this.#delayedEnd.isRunning) return Reflect.apply(write, response, args);
    if (this.#hasEnded) return writeAfterEnd(args);
    // Node throws for other values.
    if (!isChunk(args[0]) || this.#isCut) return Reflect.apply(write, response, args);
    const isBodyless = this.#isBodyless;
    const chunk = isBodyless ? noBytes : bytesOf(args);
    if (!isBodyless) this.#firstChunk ??= firstChunkOf(args);
    if (isBodyless || this.#body.size + chunk.length < this.#declaredLength) {
      const result: unknown = Reflect.apply(write, response, args);
      this.#hasBegun ||=
        response.headersSent &&
        !response.destroyed &&
        !isBodyless &&
        response.socket?.writable === true;
      this.#body.add(chunk);
      // Neither the client nor a retry will ever get it.
      if (this.#body.isTooLarge && isClientDetached(response)) response.destroy();
      return result;
    }
    this.#fixHead(null);
    this.#body.add(chunk);
    return this.#complete(write, args);
  }

  end(...args: unknown[]): unknown {
    const response = this.#response;
    const { end } = this.#originals;
    if (this.#hasEnded) return endAgain(response, args, end);
    const isLast = !args[0] || typeof args[0] === "function" || isChunk(args[0]);
    // Node throws for other values, and the response has not ended.
    if (!isLast || this.#isCut) return Reflect.apply(end, response, args);
    const chunk = this.#isBodyless ? noBytes : bytesOf(args);
    this.#firstChunk ??= this.#isBodyless ? "bytes" : firstChunkOf(args);
    this.#fixHead(this.#body.size + chunk.length);
    this.#body.add(chunk);
    this.#hasEnded = true;
    this.#complete(end, args);
    markEnded(response);
    return response;
  }

  addTrailers(...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(this.#originals.addTrailers, this.#response, args);
    this.#body.addTrailers(args[0]);
    return result;
  }

  flushHeaders(): void {
    // The head is the whole response.
    if (this.#isBodyless || this.#declaredLength === 0) return this.#fixHead(null);
    this.#firstChunk ??= "none";
    Reflect.apply(this.#originals.flushHeaders, this.#response, []);
    this.#hasBegun = true;
  }

  onDisconnect(detach: () => Methods | null): void {
    if (this.#hasBegun || this.#isSettled || this.#isUnrecorded) return;
    this.#originals = detach() ?? this.#originals;
    this.#listener.onDisconnect();
  }

  get #isBodyless(): boolean {
    const status = this.#head?.status ?? this.#response.statusCode;
    return this.#isHeadRequest || status === 204 || status === 304;
  }

  /**
   * Whether the response was sent by other means: methods that were put on it later, as a second copy of Express does, or
   * the stream of HTTP/2 below it.
   */
  get #isUnrecorded(): boolean {
    return this.#head === null && this.#response.headersSent;
  }

  get #isCut(): boolean {
    return this.#hasBegun && this.#response.destroyed;
  }

  get #declaredLength(): number {
    const declared =
      this.#head === null ? this.#response.getHeader("content-length") : this.#head.length;
    return declared == null ? Infinity : Number(declared);
  }

  /** Whether the client waits for more bytes than were written. */
  get #isShort(): boolean {
    const length = this.#declaredLength;
    return length !== Infinity && this.#body.size < length && !this.#isBodyless;
  }

  #headWith(status: unknown): ResponseHead {
    return headOf(this.#response, status, this.#listener.isStoredHeader);
  }

  #writeHead(head: ResponseHead, args: readonly unknown[]): unknown {
    const result: unknown = Reflect.apply(this.#originals.writeHead, this.#response, args);
    // Only now: Node may refuse it.
    this.#head = head;
    return result;
  }

  /** Fixes status and headers, as Node does when it is given all of a body at once. */
  #fixHead(length: number | null): void {
    const response = this.#response;
    if (response.headersSent) return;
    if (length !== null && !this.#isBodyless && takesLength(response)) {
      response.setHeader("Content-Length", length);
    }
    response.writeHead(response.statusCode);
  }

  /** Takes the step that completes the response, once the response is stored. @returns the result, or true if delayed. */
  #complete(method: Method, args: readonly unknown[]): unknown {
    if (!this.#isSettled) this.#delayedEnd.waitFor(this.#report());
    return this.#delayedEnd.run(method, args);
  }

  /** Reports the complete response. @returns a promise to wait for, or null. */
  #report(): Promise<unknown> | null {
    this.#isSettled = true;
    const response = this.#response;
    // The head of a response that was made by hand may have been fixed without `writeHead`.
    const head = this.#head ?? this.#headWith(response.statusCode);
    const storing = this.#listener.onComplete({
      head: asSent(head, this.#firstChunk, response.chunkedEncoding),
      trailers: response.chunkedEncoding ? this.#body.trailers : [],
      body: this.#isShort ? null : this.#body.body(),
    });
    return isPromise(storing) ? storing : null;
  }

  #onClose(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const response = this.#response;
    // A disconnect may be why the handler destroyed the response, and the work was done.
    const isCut = this.#hasBegun || this.#isUnrecorded || isClientDetached(response);
    this.#listener.onCut(isCut ? (this.#head ?? this.#headWith(sentStatus(response))) : null);
  }
}

const noBytes = Buffer.alloc(0);

/** The status that was sent; a handler over HTTP/2 may have sent it on the stream, of which the response learns nothing. */
function sentStatus(response: Http2Response): number {
  return response.stream?.sentHeaders?.[":status"] ?? response.statusCode;
}

/** A response over HTTP/2, with the property that node:http's have not. */
interface Http2Response extends ServerResponse {
  readonly stream?: { readonly sentHeaders?: { readonly ":status"?: number } };
}

/** Whether Node would declare the length of a body that it is given at once. */
function takesLength(response: ServerResponse): boolean {
  const set = headersSet(response);
  if ("content-length" in set || "transfer-encoding" in set || "trailer" in set) return false;
  // Undocumented: nothing else tells that the header was removed.
  const { _removedContLen: isUnwanted } = response as { _removedContLen?: boolean };
  return isUnwanted !== true && response.useChunkedEncodingByDefault;
}
