import { createHash } from "node:crypto";

import type { FormEntries } from "./form-entries.ts";

/** What the boundary of every form begins with, as those of browsers and of undici begin with their name. */
export const boundaryPrefix = "----formdata-reissue-";

/**
 * The boundary of a form that is sent under an idempotency key, the same whenever the same form is sent under the key:
 * an upstream that compares bodies would refuse a retry with another.
 *
 * Who chose the key may know what else it is derived from, and could put the boundary of a form that carries his text
 * into the text, to forge entries. So the texts go in: none can contain a hash of itself. Files are not read before they
 * are sent; what is sent of them is looked through instead.
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
  // 128 bits: more would bring a boundary near to the 70 characters that RFC 2046 §5.1.1 allows.
  return boundaryPrefix + hash.digest("base64url").slice(0, 22);
}
