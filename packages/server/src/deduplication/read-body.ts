import type { IncomingMessage } from "node:http";

import { bodyConsumedError, bodyTooLargeError, type Awaitable } from "@reissue/core";

/**
 * Reads the body of a request before anybody else does, so that whoever reads later finds it untouched. To be called a
 * turn after its head has come, when what came with the head is parsed.
 *
 * A body all of which has come is looked at where it lies. Else the stream is drained but for its end, and gets all of it
 * back in the very turn in which it has been drained: Node emits `end` a turn later, and only if the stream is empty by
 * then.
 *
 * @returns the raw bytes; fails with a 413 for more than `maxBytes`, with a 500 where a parser has read them before, and
 * with the request's own error where its client leaves.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Awaitable<Uint8Array> {
  const { "content-length": declared, "transfer-encoding": encoding } = request.headers;
  // Where it comes in chunks, a length says nothing.
  const length = encoding === undefined ? Number(declared ?? 0) : NaN;
  if (length === 0) return noBytes;
  const { _readableState: state } = request as unknown as ReadableInternals;
  if (state.endEmitted || state.dataEmitted || state.flowing === true || state.encoding !== null) {
    return kept(request);
  }
  const hasEnded = hasCome(request);
  // One that has come and is empty would end at a look, and one that is gone would never say so.
  if (hasEnded && state.length === 0) return noBytes;
  if (state.destroyed) throw gone();
  if (length > maxBytes) throw bodyTooLargeError(maxBytes);
  // Node tells of the last byte of a declared length before it tells that it was the last.
  const isAll = hasEnded || state.length === length;
  return isAll ? whole(request, maxBytes) : drained(request, maxBytes);
}

const noBytes = new Uint8Array();

/** What a parser that came first has kept of the raw bytes, under the name that is customary for it. */
function kept(request: IncomingMessage): Uint8Array {
  const { rawBody } = request as { readonly rawBody?: unknown };
  if (rawBody instanceof Uint8Array) return rawBody;
  throw bodyConsumedError();
}

/** A body all of which has come; it stays where it is. */
function whole(request: IncomingMessage, maxBytes: number): Uint8Array {
  const internals = request as unknown as ReadableInternals;
  const { length, buffer } = internals._readableState;
  if (length > maxBytes) throw bodyTooLargeError(maxBytes);
  // Or Node would throw away, once the response has finished, what its handler has yet to read.
  internals._consuming = true;
  return joined([...buffer]);
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
    readonly buffer: Iterable<Buffer>;
    readonly destroyed: boolean;
    readonly encoding: string | null;
    readonly ended: boolean;
    readonly endEmitted: boolean;
    readonly flowing: boolean | null;
    readonly length: number;
    needReadable: boolean;
    /** Behind `readableDidRead`. */
    dataEmitted: boolean;
  };
}

/** Whether all of it has come; requests that Fastify injects never say that they are complete. */
function hasCome(request: IncomingMessage): boolean {
  return request.complete || (request as unknown as ReadableInternals)._readableState.ended;
}

function drained(request: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (): Buffer => {
      request.off("readable", onReadable).off("error", onError).off("close", onClose);
      const body = joined(chunks);
      // Nothing may be given back to an empty stream that has ended: it has to be left to end by itself.
      if (size > 0) giveBack(request, body);
      return body;
    };
    const onReadable = (): void => {
      // Never a read of an empty stream: one that has ended would say so to nobody.
      while (request.readableLength > 0) {
        const chunk = request.read() as Buffer;
        chunks.push(chunk);
        size += chunk.length;
      }
      if (size > maxBytes) {
        end();
        reject(bodyTooLargeError(maxBytes));
      } else if (hasCome(request)) {
        resolve(end());
      }
    };
    const onError = (error: Error): void => {
      end();
      reject(error);
    };
    const onClose = (): void => onError(gone());
    request.on("readable", onReadable).on("error", onError).on("close", onClose);
  });
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

function giveBack(request: IncomingMessage, body: Buffer): void {
  const { _readableState: state } = request as unknown as ReadableInternals;
  // Nobody waits for it yet, so that nobody need be told in a turn of its own that it is there.
  state.needReadable = false;
  request.unshift(body);
  // As far as others can tell nobody has read of it; fetch takes no body that somebody has.
  state.dataEmitted = false;
}

function gone(): Error {
  return new Error("The client left before its whole body had come");
}
