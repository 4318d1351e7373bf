import type { IncomingMessage } from "node:http";

import type { Awaitable, Clock } from "@reissue/core";
import { bodyConsumedError, bodyTimeoutError, bodyTooLargeError } from "@reissue/core/internal";

import { isChunk } from "../capture/recorded-body.ts";

/** How a body is read. */
interface ReadBodyOptions {
  readonly maxBytes: number;
  readonly clock: Clock;
}

/**
 * Reads the body of a request before anybody else does, so that whoever reads later finds it untouched. To be called a
 * turn after its head has come, when what came with the head is parsed.
 *
 * What there is to read is known from the stream alone: it has ended, or it is drained until it has. A request that was
 * made by hand, as adapters for serverless platforms and injections make it, may say that it is complete, or declare no
 * length or a wrong one, before anything of its body has been pushed; and over HTTP/2 none need be declared.
 *
 * A body all of which has come is looked at where it lies. Else the stream is drained but for its end, and gets all of it
 * back in the very turn in which it has been drained: Node emits `end` a turn later, and only if the stream is empty by
 * then.
 *
 * @returns the raw bytes; fails with a 413 for more than `maxBytes`, with a 408 where they have not all come in the time
 * that the server gives a request, with a 500 where a parser has read them before, and with the request's own error where
 * its client leaves.
 */
export function readBody(
  request: IncomingMessage,
  { maxBytes, clock }: ReadBodyOptions,
): Awaitable<Uint8Array> {
  const { _readableState: state } = request as unknown as ReadableInternals;
  if (!isStream(state)) return given(request);
  // Read or not, there was none.
  if (state.ended && state.length === 0 && !state.dataEmitted) return noBytes;
  const isRead = state.dataEmitted || state.flowing === true || state.readableListening;
  if (isRead || state.encoding !== null) return kept(request);
  if (state.destroyed) throw gone();
  const { "content-length": declared, "transfer-encoding": encoding } = request.headers;
  // Where it comes in chunks, a length says nothing.
  const length = encoding === undefined ? Number(declared ?? 0) : NaN;
  if (length > maxBytes) throw bodyTooLargeError(maxBytes);
  // Node's parser tells of the last byte of a declared length before it tells that it was the last.
  const isAll = state.ended || (state.length === length && isParsed(request));
  return isAll ? whole(request, maxBytes) : drained(request, { maxBytes, clock });
}

const noBytes = new Uint8Array();

/** Whether Node's own parser is at work on it: it gives as many bytes as were declared, and no more. */
function isParsed(request: IncomingMessage): boolean {
  const socket = request.socket as { readonly parser?: { readonly incoming?: unknown } } | null;
  return socket?.parser?.incoming === request;
}

/** Mocks are no streams, and platforms give the state of one to what has none. */
function isStream(state: ReadableInternals["_readableState"] | undefined): boolean {
  return typeof state?.length === "number" && typeof state.ended === "boolean";
}

/** What a parser that came first has kept of the raw bytes, under the name that is customary for it. */
function kept(request: IncomingMessage): Uint8Array {
  const { rawBody } = request as PlatformRequest;
  if (typeof rawBody === "string") return Buffer.from(rawBody);
  if (rawBody instanceof Uint8Array) return rawBody;
  throw bodyConsumedError();
}

/** What platforms and mocks put on a request in the place of a stream. */
interface PlatformRequest {
  readonly rawBody?: unknown;
  readonly body?: unknown;
}

/** The body of a request that has no stream. */
function given(request: IncomingMessage): Uint8Array {
  const { rawBody, body } = request as PlatformRequest;
  if (rawBody !== undefined) return kept(request);
  if (body === undefined || body === null) return noBytes;
  if (body instanceof Uint8Array) return body;
  // JSON tells all of what a parser of JSON or of a form has made, and nothing of a stream or a Blob.
  return Buffer.from(typeof body === "string" ? body : json(body));
}

function json(body: unknown): string {
  const text = isData(body) ? JSON.stringify(body) : undefined;
  if (text === undefined) throw bodyConsumedError();
  return text;
}

/** Whether it is of what JSON has, at its top. */
function isData(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A body all of which has come; it stays where it is. */
function whole(request: IncomingMessage, maxBytes: number): Uint8Array {
  const internals = request as unknown as ReadableInternals;
  const { buffer } = internals._readableState;
  // Or Node would throw away, once the response has finished, what its handler has yet to read.
  internals._consuming = true;
  const chunks = [...buffer];
  if (!chunks.every(isChunk)) throw bodyConsumedError();
  const body = joined(chunks);
  if (body.length > maxBytes) throw bodyTooLargeError(maxBytes);
  return body;
}

/**
 * What stands behind the getters of a stream. Express gives requests another prototype, so that V8 has to look up each
 * getter anew in each request; and there is none for `ended`: whether all has come.
 */
interface ReadableInternals {
  /** Whether anybody has asked Node for the body. */
  _consuming: boolean;
  readonly _readableState: {
    /** What nobody has read yet. */
    readonly buffer: Iterable<unknown>;
    readonly destroyed: boolean;
    readonly encoding: string | null;
    readonly ended: boolean;
    readonly endEmitted: boolean;
    readonly flowing: boolean | null;
    readonly length: number;
    /** Whether somebody listens to `readable`. */
    readonly readableListening: boolean;
    needReadable: boolean;
    /** What others have said of `readable`; undefined where nobody has. */
    readable?: boolean;
    /** Behind `readableDidRead`. */
    dataEmitted: boolean;
  };
}

function drained(
  request: IncomingMessage,
  { maxBytes, clock }: ReadBodyOptions,
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
      // Nothing may be given back to an empty stream that has ended: it has to be left to end by itself.
      if (size > 0) giveBack(request, body);
      return body;
    };
    const onReadable = (): void => {
      // Never a read of an empty stream: one that has ended would say so to nobody.
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
    const onClose = (): void => onError(gone());
    request.on("readable", onReadable).on("error", onError).on("close", onClose);
  });
}

/** For how long a request without a server is waited for, in ms: what Node's servers give one by default. */
const defaultTimeoutMs = 300_000;

/**
 * For how long the rest of a body may be on its way: `requestTimeout` of the server. Node sees to that by itself only for
 * what it parses; a stream that was made by hand may never end.
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

/** A chunk as Node's parser gives it; a stream in object mode may give others. */
function bytes(chunk: Uint8Array | string): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === "string") return Buffer.from(chunk);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function giveBack(request: IncomingMessage, body: Buffer): void {
  const { _readableState: state } = request as unknown as ReadableInternals;
  // Nobody waits for it yet, so that nobody need be told in a turn of its own that it is there.
  state.needReadable = false;
  request.unshift(body);
  // As far as others can tell nobody has read of it; fetch takes no body that somebody has.
  state.dataEmitted = false;
}

/**
 * Has a request whose handler is to run say that it can be read. serverless-express says that none can as soon as a
 * middleware is waited for, and body parsers believe it; for one that is refused, Express' last handler believes it too.
 */
export function letRead(request: IncomingMessage): void {
  const { _readableState: state } = request as unknown as ReadableInternals;
  if (state?.readable === false) state.readable = true;
}

function gone(): Error {
  return new Error("The client left before its whole body had come");
}
