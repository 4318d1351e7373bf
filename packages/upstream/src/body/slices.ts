import { classifyBody } from "./body-kind.ts";
import type { Bytes } from "./copied-bytes.ts";
import type { Chunk } from "./source/source.ts";

/**
 * Largest part of a body that is handed to undici at once, in bytes.
 *
 * Undici writes the next slice when the socket, or the HTTP/2 stream, has taken the last one. That is the only sign of
 * progress that Node gives: a body written in one piece is silent from its first byte to its last. With this size an
 * upstream that reads 5 KB a second still makes progress every 15 s.
 */
const sliceBytes = 65_536;

/** Cuts a chunk into slices; a small one is yielded unchanged. */
export function* slices(chunk: Chunk): Generator<Chunk> {
  if (!isLarge(chunk)) {
    yield chunk;
    return;
  }
  const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
  for (let at = 0; at < bytes.byteLength; at += sliceBytes) {
    yield bytes.subarray(at, at + sliceBytes);
  }
}

/** Whether a chunk is larger than a slice. */
export function isLarge(chunk: Chunk): boolean {
  if (typeof chunk !== "string") return chunk.byteLength > sliceBytes;
  // A UTF-16 unit has at most three bytes in UTF-8.
  return chunk.length * 3 > sliceBytes && Buffer.byteLength(chunk) > sliceBytes;
}

/** Body of known length that is written slice by slice. */
export interface SlicedBody {
  readonly length: number;
  /** Content-Type of the body itself; null for none. */
  readonly type: string | null;
  readonly content: Iterable<Chunk> | AsyncIterable<Chunk>;
}

/** Slices a body that undici takes; null for a small one, and for a stream. */
export function inSlices(body: unknown): SlicedBody | null {
  const kind = classifyBody(body);
  if (kind === "text") {
    return isLarge(body as string) ? ofBytes(Buffer.from(body as string)) : null;
  }
  if (kind === "bytes") {
    const bytes = bytesOf(body as Bytes);
    return isLarge(bytes) ? ofBytes(bytes) : null;
  }
  if (kind !== "blob") return null;
  const { size: length, type } = body as Blob;
  if (length <= sliceBytes) return null;
  return { length, type: type === "" ? null : type, content: ofBlob(body as Blob) };
}

function ofBytes(bytes: Uint8Array): SlicedBody {
  return { length: bytes.byteLength, type: null, content: slices(bytes) };
}

async function* ofBlob(blob: Blob): AsyncGenerator<Chunk> {
  for await (const chunk of blob.stream()) yield* slices(chunk);
}

function bytesOf(body: Bytes): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (!ArrayBuffer.isView(body)) return new Uint8Array(body);
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
}
