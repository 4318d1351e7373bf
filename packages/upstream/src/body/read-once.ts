import { CopiedBytes, isBytes } from "./copied-bytes.ts";
import { isFormData } from "./form/form-data.ts";
import { isChunkSource, type ChunkSource } from "./source/source-of.ts";

/** Whether a body can be read only once. */
export function isReadOnce(value: unknown): value is ChunkSource {
  return isChunkSource(value) && !isFixed(value);
}

/** Whether a body can be sent any number of times, once nobody can change it any more. */
export function isFixed(value: unknown): boolean {
  return (
    typeof value === "string" ||
    value instanceof URLSearchParams ||
    isBytes(value) ||
    value instanceof CopiedBytes ||
    value instanceof Blob ||
    isFormData(value)
  );
}
