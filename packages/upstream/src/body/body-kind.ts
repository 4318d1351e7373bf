import { CopiedBytes, isBytes } from "./copied-bytes.ts";
import { isFormData } from "./form/form-data.ts";
import { isNodeStream } from "./source/node-source.ts";
import { Source } from "./source/source.ts";
import { isWebStream } from "./source/web-source.ts";

/** Kind of a body that can be read only once, chunk by chunk. */
export type SourceKind = "source" | "node-stream" | "web-stream" | "iterable";

/**
 * Kind of a request body. Copies that {@link unchanging} makes have the kind of their original.
 *
 * - `none`: null or undefined.
 * - `factory`: a function that makes a body for each attempt.
 * - `other`: left to undici, which refuses it.
 */
export type BodyKind =
  | "none"
  | "text"
  | "bytes"
  | "parameters"
  | "blob"
  | "form"
  | "factory"
  | SourceKind
  | "other";

/** Tells what kind of body a value is. */
export function classifyBody(value: unknown): BodyKind {
  if (value === null || value === undefined) return "none";
  if (typeof value === "string") return "text";
  if (typeof value === "function") return "factory";
  if (typeof value !== "object") return "other";
  if (value instanceof CopiedBytes || isBytes(value)) return "bytes";
  if (value instanceof URLSearchParams) return "parameters";
  if (value instanceof Blob) return "blob";
  if (isFormData(value)) return "form";
  return classifyStream(value) ?? "other";
}

/** Tells how an object is read chunk by chunk; null for one that cannot be. */
export function classifyStream(value: object): SourceKind | null {
  if (value instanceof Source) return "source";
  if (isNodeStream(value)) return "node-stream";
  if (isWebStream(value)) return "web-stream";
  return Symbol.asyncIterator in value || Symbol.iterator in value ? "iterable" : null;
}

/** Whether bodies of a kind can be read only once. */
export function isReadOnce(kind: BodyKind): kind is SourceKind {
  return (
    kind === "source" || kind === "node-stream" || kind === "web-stream" || kind === "iterable"
  );
}
