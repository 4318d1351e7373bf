import { Readable } from "node:stream";

import { CopiedBytes, isBytes } from "../../body/copied-bytes.ts";
import { bodyFrom, renewing, type BodyFactory } from "../../body/factory-body.ts";
import { isFormData } from "../../body/form/form-data.ts";
import { isNodeStream } from "../../body/source/node-source.ts";
import { sourceOf, type ChunkSource } from "../../body/source/source-of.ts";
import type { Source } from "../../body/source/source.ts";
import { unchanging } from "../../body/unchanging.ts";

/** The body of a request as it is handed to the agent. */
export interface RequestBodyInit {
  readonly value: unknown;
  /** What Content-Type says unless the caller says otherwise; null for nothing, or where encoding the body sets it. */
  readonly type: string | null;
  /** What is read only once, so that it can be sent to no second URL, and is closed when the call fails; else null. */
  readonly source: Source | null;
}

/**
 * Reads a body as fetch does (Fetch §5.2): what is no stream, Blob, form or bytes is a string.
 *
 * @throws TypeError for a stream that is locked or has been read.
 */
export function requestBodyInit(given: unknown): RequestBodyInit {
  if (isFactory(given)) return made(given);
  const fixed = fixedBody(unchanging(given));
  if (fixed !== null) return fixed;
  if (!isStream(given)) return text(textOf(given));
  const source = untouched(given as ChunkSource);
  return { value: source, type: null, source };
}

function isFactory(given: unknown): given is BodyFactory {
  return typeof given === "function" && !isStream(given);
}

/** Whether a body is read piece by piece: a ReadableStream, anything iterated asynchronously, a Node stream. */
export function isStream(given: unknown): given is object {
  if ((typeof given !== "object" && typeof given !== "function") || given === null) return false;
  if (isFormData(given)) return false;
  return Symbol.asyncIterator in given || given instanceof ReadableStream || isNodeStream(given);
}

/** What is sent as it is, any number of times; null for what is not of these kinds. */
function fixedBody(given: unknown): RequestBodyInit | null {
  if (typeof given === "string") return text(given);
  if (given instanceof URLSearchParams) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return { value: given.toString(), type, source: null };
  }
  if (given instanceof Blob) {
    return { value: given, type: given.type === "" ? null : given.type, source: null };
  }
  if (isBytes(given) || given instanceof CopiedBytes || isFormData(given)) {
    return { value: given, type: null, source: null };
  }
  return null;
}

/** A value as WebIDL makes text of it: a symbol is refused, which String() takes. */
export function textOf(value: unknown): string {
  if (typeof value === "symbol") throw new TypeError("a symbol cannot be sent as text");
  return String(value);
}

function text(value: string): RequestBodyInit {
  return { value, type: "text/plain;charset=UTF-8", source: null };
}

/** What a factory makes, its first body at once: that says what type it has. */
function made(factory: BodyFactory): RequestBodyInit {
  const first = bodyFrom(factory);
  const again = renewing(factory, first);
  let isGiven = false;
  const value = (): unknown => {
    if (isGiven) return again();
    isGiven = true;
    return first;
  };
  return { value, type: fixedBody(first)?.type ?? null, source: null };
}

/** What can be read only once as a source, under fetch's own condition that nobody has begun to read it. */
function untouched(body: ChunkSource): Source {
  const { locked = false } = body as { locked?: boolean };
  if (locked || Readable.isDisturbed(body as Readable)) {
    throw new TypeError("The body is locked, or has been read before");
  }
  return sourceOf(body);
}
