import { Readable } from "node:stream";

import { classifyBody, classifyStream, type BodyKind } from "../../body/body-kind.ts";
import { bodyFrom, renewing, type BodyFactory } from "../../body/factory-body.ts";
import { isFormData } from "../../body/form/form-data.ts";
import { isNodeStream } from "../../body/source/node-source.ts";
import { sourceOf } from "../../body/source/source-of.ts";
import type { Source } from "../../body/source/source.ts";
import { unchanging } from "../../body/unchanging.ts";

/** Body of a request as it is handed to the dispatcher. */
export interface RequestBodyInit {
  readonly value: unknown;
  /** Content-Type unless the caller sets one; null for none, or where encoding the body sets it. */
  readonly type: string | null;
  /** Source of a body that can be read only once: not sent to a second URL, and closed when the call fails; or null. */
  readonly source: Source | null;
}

/**
 * Reads a body as fetch does (Fetch §5.2): everything but a stream, Blob, form or bytes is a string.
 *
 * @throws TypeError for a stream that is locked or has been read.
 */
export function requestBodyInit(given: unknown): RequestBodyInit {
  if (isFactory(given)) return made(given);
  const kind = classifyBody(given);
  const fixed = fixedBody(unchanging(given, kind), kind);
  if (fixed !== null) return fixed;
  if (!isStream(given)) return text(textOf(given));
  const source = untouched(given);
  return { value: source, type: null, source };
}

function isFactory(given: unknown): given is BodyFactory {
  return typeof given === "function" && !isStream(given);
}

/** Whether a body is read chunk by chunk: a ReadableStream, an async iterable, a Node stream. */
export function isStream(given: unknown): given is object {
  if ((typeof given !== "object" && typeof given !== "function") || given === null) return false;
  if (isFormData(given)) return false;
  return Symbol.asyncIterator in given || given instanceof ReadableStream || isNodeStream(given);
}

/** Reads a body that can be sent as it is, any number of times; null for any other. */
function fixedBody(given: unknown, kind: BodyKind): RequestBodyInit | null {
  if (kind === "text") return text(given as string);
  if (kind === "parameters") {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return { value: String(given), type, source: null };
  }
  if (kind === "blob") return { value: given, type: (given as Blob).type || null, source: null };
  return kind === "bytes" || kind === "form" ? { value: given, type: null, source: null } : null;
}

/** Converts a value to text as WebIDL does: a symbol is refused, unlike by String(). */
export function textOf(value: unknown): string {
  if (typeof value === "symbol") throw new TypeError("a symbol cannot be sent as text");
  return String(value);
}

function text(value: string): RequestBodyInit {
  return { value, type: "text/plain;charset=UTF-8", source: null };
}

/** Reads the body of a factory, which makes its first body at once: its Content-Type depends on that. */
function made(factory: BodyFactory): RequestBodyInit {
  const first = bodyFrom(factory);
  const again = renewing(factory, first);
  let isGiven = false;
  const value = (): unknown => {
    if (isGiven) return again();
    isGiven = true;
    return first;
  };
  return { value, type: fixedBody(first, classifyBody(first))?.type ?? null, source: null };
}

/** Makes a source of a stream, under fetch's condition that reading has not begun. */
function untouched(body: object): Source {
  const { locked = false } = body as { locked?: boolean };
  if (locked || Readable.isDisturbed(body as Readable)) {
    throw new TypeError("The body is locked, or has been read before");
  }
  return sourceOf(body, classifyStream(body)!);
}
