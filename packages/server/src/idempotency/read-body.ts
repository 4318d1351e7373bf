import type { IncomingMessage } from "node:http";

import type { Awaitable, Clock } from "@reissue/core";
import { bodyConsumedError, bodyTimeoutError, bodyTooLargeError } from "@reissue/core/internal";

import { isChunk } from "../capture/recorded-body.ts";

/** Limits of reading a body. */
interface ReadBodyOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
  /** Called where a part of the body has yet to arrive. */
  readonly onWait: () => void;
}

/**
 * Reads the body of a request and leaves the stream unread for the body parsers that come later. To be called one event
 * loop turn after the head has arrived, when Node has parsed what came with it.
 *
 * Only the stream tells how much there is to read: either it has ended, or it is drained until it has. A request made by
 * hand, as adapters for serverless platforms and injections make it, may claim to be complete, or declare no length or a
 * wrong one, before any of its body has been pushed; and HTTP/2 requires no declared length.
 *
 * A body that has arrived whole is read where it is buffered. Otherwise the stream is drained but for its end, and gets
 * everything back in the turn in which it was drained: Node emits `end` one turn later, and only if the stream is empty
 * by then.
 *
 * @returns the raw bytes; fails with a 413 for more than `maxBytes`, with a 408 where they have not all arrived within the
 * server's `requestTimeout`, with a 500 where a parser has read them before, and with the request's own error where the
 * client disconnects.
 */
export function readBody(
  request: IncomingMessage,
  options: ReadBodyOptions,
): Awaitable<Uint8Array> {
  const { maxBytes } = options;
  const { _readableState: state } = request as unknown as ReadableInternals;
  if (!isStream(state)) return bodyWithoutStream(request);
  // Read or not, the body was empty.
  if (state.ended && state.length === 0 && !state.dataEmitted) return noBytes;
  const isRead = state.dataEmitted || state.flowing === true || state.readableListening;
  if (isRead || state.encoding !== null) return rawBodyOf(request);
  if (state.destroyed) throw disconnectError();
  const { "content-length": declared, "transfer-encoding": encoding } = request.headers;
  // In a chunked body the length means nothing.
  const length = encoding === undefined ? Number(declared ?? 0) : NaN;
  if (length > maxBytes) throw bodyTooLargeError(maxBytes);
  // Node's parser pushes the last byte of a declared length before it marks the stream as ended.
  const isWhole = state.ended || (state.length === length && isParsed(request));
  return isWhole ? bufferedBody(request, maxBytes) : drainedBody(request, options);
}

const noBytes = new Uint8Array();

/** Whether Node's own parser is at work on a request: it pushes exactly the declared number of bytes. */
function isParsed(request: IncomingMessage): boolean {
  const socket = request.socket as { readonly parser?: { readonly incoming?: unknown } } | null;
  return socket?.parser?.incoming === request;
}

/** Whether the state is that of a stream; mocks have none, and some platforms an incomplete one. */
function isStream(state: ReadableInternals["_readableState"] | undefined): boolean {
  return typeof state?.length === "number" && typeof state.ended === "boolean";
}

/** Whether a body was read without leaving its raw bytes to the gate. */
export function isBodyLost(request: IncomingMessage): boolean {
  const { _readableState: state } = request as unknown as ReadableInternals;
  if (!isStream(state) || !state.dataEmitted) return false;
  const { rawBody } = request as PlatformRequest;
  return typeof rawBody !== "string" && !(rawBody instanceof Uint8Array);
}

/** The raw bytes that a parser before the gate has stored, under the customary name `rawBody`. */
function rawBodyOf(request: IncomingMessage): Uint8Array {
  const { rawBody } = request as PlatformRequest;
  if (typeof rawBody === "string") return Buffer.from(rawBody);
  if (rawBody instanceof Uint8Array) return rawBody;
  throw bodyConsumedError();
}

/** Properties that platforms and mocks put on a request in the place of a stream. */
interface PlatformRequest {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** The body of a request that has no stream. */
function bodyWithoutStream(request: IncomingMessage): Uint8Array {
  const { rawBody, body } = request as PlatformRequest;
  if (rawBody !== undefined) return rawBodyOf(request);
  if (body === undefined || body === null) return noBytes;
  if (body instanceof Uint8Array) return body;
  // JSON represents all that a parser of JSON or of a form has made, and nothing of a stream or a Blob.
  return Buffer.from(typeof body === "string" ? body : json(body));
}

function json(body: unknown): string {
  const text = isData(body) ? JSON.stringify(body) : undefined;
  if (text === undefined) throw bodyConsumedError();
  return text;
}

/** Whether a value is of a JSON type, at its top level. */
function isData(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A body that has arrived whole; its chunks stay in the stream's buffer. */
function bufferedBody(request: IncomingMessage, maxBytes: number): Uint8Array {
  const internals = request as unknown as ReadableInternals;
  const { buffer } = internals._readableState;
  // Otherwise Node discards, once the response has finished, whatever the handler has yet to read.
  internals._consuming = true;
  const chunks = [...buffer];
  if (!chunks.every(isChunk)) throw bodyConsumedError();
  const body = joined(chunks);
  if (body.length > maxBytes) throw bodyTooLargeError(maxBytes);
  return body;
}

/** The state behind the getters of a stream; there is no getter for `ended`: whether all has arrived. */
// perf: docs/performance.md#state-of-a-stream
interface ReadableInternals {
  /** Whether the body is being read. */
  _consuming: boolean;
  readonly _readableState: {
    /** Chunks that have not been read yet. */
    readonly buffer: Iterable<unknown>;
    readonly destroyed: boolean;
    readonly encoding: string | null;
    readonly ended: boolean;
    readonly endEmitted: boolean;
    readonly flowing: boolean | null;
    readonly length: number;
    /** Whether there is a listener of `readable`. */
    readonly readableListening: boolean;
    needReadable: boolean;
    /** A value that others have set `readable` to; undefined where it was not set. */
    readable?: boolean;
    /** Behind `readableDidRead`. */
    dataEmitted: boolean;
  };
}

function drainedBody(
  request: IncomingMessage,
  { maxBytes, clock, onWait }: ReadBodyOptions,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const { _readableState: state } = request as unknown as ReadableInternals;
    const timeoutMs = timeoutOf(request);
    const expire = (): void => onError(bodyTimeoutError());
    const timer =
      timeoutMs === Infinity ? null : clock.setTimeout(expire, timeoutMs, { background: true });
    const end = (): Buffer => {
      clock.clearTimeout(timer);
      request.off("readable", onReadable).off("error", onError).off("close", onClose);
      const body = joined(chunks);
      // An ended stream takes nothing back if it is empty: it has to end by itself.
      if (size > 0) giveBack(request, body);
      return body;
    };
    const onReadable = (): void => {
      // Never a read of an empty stream: an ended one would emit `end`, before there are listeners.
      while (request.readableLength > 0) {
        const chunk: unknown = request.read();
        if (!isChunk(chunk)) return onError(bodyConsumedError());
        const read = bytes(chunk);
        chunks.push(read);
        size += read.length;
      }
      if (size > maxBytes) onError(bodyTooLargeError(maxBytes));
      else if (state.ended) resolve(end());
    };
    const onError = (error: Error): void => {
      end();
      reject(error);
    };
    const onClose = (): void => onError(disconnectError());
    request.on("readable", onReadable).on("error", onError).on("close", onClose);
    onWait();
  });
}

/** The default `requestTimeout` of Node's servers, in ms; for requests without a server. */
const defaultTimeoutMs = 300_000;

/**
 * How long to wait for the rest of a body, in ms: the server's `requestTimeout`. Node enforces it only for requests that
 * it parses; a stream made by hand may never end.
 */
function timeoutOf(request: IncomingMessage): number {
  const socket = request.socket as {
    readonly server?: { readonly requestTimeout?: unknown };
  } | null;
  const timeoutMs = socket?.server?.requestTimeout;
  if (typeof timeoutMs !== "number") return defaultTimeoutMs;
  return timeoutMs > 0 ? timeoutMs : Infinity;
}

function joined(chunks: readonly (Uint8Array | string)[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? bytes(only) : Buffer.concat(chunks.map(bytes));
}

/** A chunk as a Buffer, which Node's parser pushes; a stream in object mode may push other types. */
function bytes(chunk: Uint8Array | string): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === "string") return Buffer.from(chunk);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function giveBack(request: IncomingMessage, body: Buffer): void {
  const { _readableState: state } = request as unknown as ReadableInternals;
  // Nothing waits for `readable` yet, so that Node need not emit it.
  state.needReadable = false;
  request.unshift(body);
  // To others the body looks unread; fetch refuses one that has been read.
  state.dataEmitted = false;
}

/**
 * Marks a request whose handler is to run as readable. serverless-express marks every request as not readable once a
 * middleware is async, and body parsers rely on that; so does Express' last handler, for a request that is refused.
 */
export function allowRead(request: IncomingMessage): void {
  const { _readableState: state } = request as unknown as ReadableInternals;
  if (state?.readable === false) state.readable = true;
}

function disconnectError(): Error {
  return new Error("The client disconnected before its whole body had arrived");
}
