import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers";

import type { Awaitable, Field } from "@reissue/core";
import { isPromise } from "@reissue/core/internal";

import { asSent, companyOf, type HeadCompany } from "./head-encoding.ts";
import {
  headGiven,
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

/** A response as it was given to node:http. */
export interface RecordedResponse {
  readonly head: ResponseHead;
  readonly trailers: readonly Field[];
  /** Null where there were more bytes than are kept, or fewer than were declared, or the response was cut. */
  readonly body: Buffer | null;
}

/** What a capture tells. */
export interface RecorderListener {
  /** The most bytes of a body that are kept. */
  readonly maxBytes: number;
  readonly keeps: HeaderFilter;
  /** Called once the response is whole; its last byte leaves when that is done. It must not fail. */
  onWhole(captured: RecordedResponse): Awaitable<unknown>;
  /**
   * Called where the response was cut.
   *
   * @param head - Null where its handler destroyed it before anything had gone out.
   */
  onCut(head: ResponseHead | null): void;
  /** Called where the client left before any of it had gone out, so that a stand-in reads it. */
  onLeft(): void;
}

/**
 * Records a response as its handler writes it, whatever the handler uses: everything comes down to `writeHead`, `write`
 * and `end`.
 *
 * What is written goes out at once, but for the last of it, so that no client has a whole answer that is not kept. The
 * last of it is what `end` sends, or the chunk that completes a declared Content-Length, or the head of a response
 * without a body.
 *
 * A client that leaves before any of it has gone out changes nothing: a stand-in takes its place, and what is written is
 * recorded all the same. One that leaves later has cut it.
 */
export function recordResponse(response: ServerResponse, listener: RecorderListener): void {
  patchResponse(response, (originals) => new ResponseRecorder(response, listener, originals));
}

class ResponseRecorder implements ResponseHooks {
  readonly #response: ServerResponse;
  readonly #listener: RecorderListener;
  #originals: Methods;
  readonly #recording: RecordedBody;
  readonly #isHead: boolean;
  #head: ResponseHead | null = null;
  /** What the head goes out with; null until it does. */
  #company: HeadCompany | null = null;
  #hasBegun = false;
  #isEnding = false;
  /** Whether what was held is being let go: an end that others have put there may come down to a write. */
  #isLettingGo = false;
  /** Whether it is whole, or was cut before it was. */
  #isSettled = false;
  /** Null where the response is not whole yet, or was kept at once. */
  #keeping: Promise<unknown> | null = null;

  constructor(response: ServerResponse, listener: RecorderListener, originals: Methods) {
    this.#response = response;
    this.#listener = listener;
    this.#originals = originals;
    this.#recording = new RecordedBody(listener.maxBytes);
    this.#isHead = response.req.method === "HEAD";
    makeRoomForListeners(response);
    response.on("close", () => {
      if (this.#isSettled) return;
      this.#isSettled = true;
      // Or somebody gave it other methods, as another copy of Express does, and nothing was recorded.
      const isUnseen = this.#head === null && response.headersSent;
      // Where its client had left, that may be why it was destroyed, and the work was done.
      const isCut = this.#hasBegun || isUnseen || isClientDetached(response);
      listener.onCut(isCut ? (this.#head ?? this.#headWith(response.statusCode)) : null);
    });
  }

  get hasEnded(): boolean {
    return this.#isEnding;
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
    // Compression that is mounted inside has set its headers by now, and outside has not touched them yet.
    const { keeps } = this.#listener;
    const head = given === undefined ? null : headGiven(response, status, given, keeps);
    if (head !== null) return this.#writeHead(head, [status, ...reason, given]);
    if (given !== undefined) setHeaders(response, given);
    return this.#writeHead(this.#headWith(status), [status, ...reason]);
  }

  write(...args: unknown[]): unknown {
    const response = this.#response;
    const { write } = this.#originals;
    if (this.#isLettingGo) return Reflect.apply(write, response, args);
    if (this.#isEnding) return refused(args);
    // Node throws for what is none.
    if (!isChunk(args[0]) || this.#isCut) return Reflect.apply(write, response, args);
    const isBodyless = this.#isBodyless;
    const chunk = isBodyless ? noBytes : bytesOf(args);
    if (!isBodyless) this.#company ??= companyOf(args);
    if (isBodyless || this.#recording.size + chunk.length < this.#declaredLength) {
      const result: unknown = Reflect.apply(write, response, args);
      this.#hasBegun ||=
        response.headersSent &&
        !response.destroyed &&
        !isBodyless &&
        response.socket?.writable === true;
      this.#recording.add(chunk);
      // Nobody reads it, and nobody ever will.
      if (this.#recording.isTooLarge && isClientDetached(response)) response.destroy();
      return result;
    }
    this.#fixHead(null);
    this.#recording.add(chunk);
    return this.#hold(write, args);
  }

  end(...args: unknown[]): unknown {
    const response = this.#response;
    const { end } = this.#originals;
    if (this.#isEnding) return endedBefore(response, args, end);
    const isLast = !args[0] || typeof args[0] === "function" || isChunk(args[0]);
    // Node throws for what is none, and the response has not ended.
    if (!isLast || this.#isCut) return Reflect.apply(end, response, args);
    const chunk = this.#isBodyless ? noBytes : bytesOf(args);
    this.#company ??= this.#isBodyless ? "bytes" : companyOf(args);
    this.#fixHead(this.#recording.size + chunk.length);
    this.#recording.add(chunk);
    this.#isEnding = true;
    this.#hold(end, args);
    markEnded(response);
    return response;
  }

  addTrailers(...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(this.#originals.addTrailers, this.#response, args);
    this.#recording.addTrailers(args[0]);
    return result;
  }

  flushHeaders(): void {
    // The head is all that there is of it.
    if (this.#isBodyless || this.#declaredLength === 0) return this.#fixHead(null);
    this.#company ??= "nothing";
    Reflect.apply(this.#originals.flushHeaders, this.#response, []);
    this.#hasBegun = true;
  }

  leave(give: () => Methods | null): void {
    if (this.#hasBegun || this.#isSettled) return;
    this.#originals = give() ?? this.#originals;
    this.#listener.onLeft();
  }

  get #isBodyless(): boolean {
    const status = this.#head?.status ?? this.#response.statusCode;
    return this.#isHead || status === 204 || status === 304;
  }

  get #isCut(): boolean {
    return this.#hasBegun && this.#response.destroyed;
  }

  get #declaredLength(): number {
    const declared =
      this.#head === null ? this.#response.getHeader("content-length") : this.#head.length;
    return declared == null ? Infinity : Number(declared);
  }

  #headWith(status: unknown): ResponseHead {
    return headOf(this.#response, status, this.#listener.keeps);
  }

  /** Whether its client waits for more than there was. */
  get #isShort(): boolean {
    const length = this.#declaredLength;
    return length !== Infinity && this.#recording.size < length && !this.#isBodyless;
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

  /** Does what completes the response once it is kept. @returns what that gave, or true where it is yet to be done. */
  #hold(method: Method, args: readonly unknown[]): unknown {
    const response = this.#response;
    if (!this.#isSettled) this.#keeping = this.#keep();
    if (this.#keeping === null) return this.#letGo(method, args);
    this.#keeping
      .then(() => this.#letGo(method, args))
      .catch((error: unknown) => response.destroy(error as Error));
    return true;
  }

  #keep(): Promise<unknown> | null {
    this.#isSettled = true;
    const response = this.#response;
    // Of a response that was made by hand, whose head may be fixed without \`writeHead\`.
    const head = this.#head ?? this.#headWith(response.statusCode);
    const kept = this.#listener.onWhole({
      head: asSent(head, this.#company, response.chunkedEncoding),
      trailers: response.chunkedEncoding ? this.#recording.trailers : [],
      body: this.#isShort ? null : this.#recording.body(),
    });
    return isPromise(kept) ? kept : null;
  }

  #letGo(method: Method, args: readonly unknown[]): unknown {
    this.#isLettingGo = true;
    try {
      return Reflect.apply(method, this.#response, args);
    } catch (error) {
      // Nobody else can end it any more, and what is kept is not what its client has.
      this.#response.destroy(error as Error);
      throw error;
    } finally {
      this.#isLettingGo = false;
    }
  }
}

const noBytes = Buffer.alloc(0);

/** Whether Node would declare the length of a body that it is given at once. */
function takesLength(response: ServerResponse): boolean {
  const set = headersSet(response);
  if ("content-length" in set || "transfer-encoding" in set || "trailer" in set) return false;
  // It remembers that the header was removed, and tells nobody else.
  const { _removedContLen: isUnwanted } = response as { _removedContLen?: boolean };
  return isUnwanted !== true && response.useChunkedEncodingByDefault;
}

type Callback = (error?: Error) => void;

/** What a write comes to after the end: Node would emit an error, but its end has not come yet. */
function refused(args: readonly unknown[]): false {
  const error = Object.assign(new Error("write after end"), { code: "ERR_STREAM_WRITE_AFTER_END" });
  const callback = callbackOf(args);
  if (callback !== undefined) setImmediate(callback, error);
  return false;
}

/** What another end comes to. */
function endedBefore(response: ServerResponse, args: readonly unknown[], end: Method): unknown {
  const callback = callbackOf(args);
  if (args[0] && typeof args[0] !== "function") refused(args);
  else if (response.finished) return Reflect.apply(end, response, args);
  else if (callback !== undefined) response.once("finish", callback);
  return response;
}

function callbackOf(args: readonly unknown[]): Callback | undefined {
  return args.find((arg) => typeof arg === "function") as Callback | undefined;
}
