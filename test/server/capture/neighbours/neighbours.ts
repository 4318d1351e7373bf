import { memoryStore, type IdempotencyStore } from "@reissue/core";

/** Some bytes on a disk, which a test may send. */
export const file: string = import.meta.filename;

/** Longer than what a compressor takes for too short. */
export const long: string = "a line of text\n".repeat(1000);

/** A request that takes a compressed answer. */
export const gzip: { readonly headers: readonly string[] } = { headers: ["Accept-Encoding: gzip"] };

/** The options of a gate that keeps answers. */
export function claiming(store: IdempotencyStore = memoryStore()): object {
  return { idempotency: { store, scope: "shared" } };
}
