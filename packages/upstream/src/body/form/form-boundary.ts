import { createHash } from "node:crypto";

import type { FormEntries } from "./form-entries.ts";

/** Prefix of every form boundary, as browsers and undici prefix theirs. */
export const boundaryPrefix = "----formdata-reissue-";

/**
 * Derives the boundary of a form that is sent under an idempotency key: the same for the same form and key, since an
 * upstream that compares bodies would refuse a retry with another boundary.
 *
 * A client that chose the key may know what else the boundary is derived from, and could put the boundary into its own
 * text to forge entries. Therefore the texts are hashed as well: none can contain its own hash. Files are not read
 * before they are sent; their bytes are searched for the boundary instead.
 */
export function derivedBoundary(key: string, entries: FormEntries): string {
  const hash = createHash("sha256").update("reissue form boundary 1");
  const add = (text: string): unknown => hash.update(`\n${text.length}:${text}`);
  add(key);
  for (const [name, value] of entries) {
    add(name);
    if (typeof value === "string") add(value);
    else add(`${value.name?.length} ${value.name} ${value.type}`);
  }
  // 128 bits; more would approach the 70 characters that RFC 2046 §5.1.1 allows.
  return boundaryPrefix + hash.digest("base64url").slice(0, 22);
}
