import { isFormData } from "./form-data.ts";
import { isChunkSource, type ChunkSource } from "./source-of.ts";

/** Whether a body can be read only once. */
export function isReadOnce(value: unknown): value is ChunkSource {
  return isChunkSource(value) && !isFixed(value);
}

/** Whether a body can be sent any number of times as it is; undici encodes FormData and reads Blobs afresh each time. */
export function isFixed(value: unknown): boolean {
  return (
    typeof value === "string" ||
    value instanceof URLSearchParams ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    value instanceof Blob ||
    isFormData(value)
  );
}
