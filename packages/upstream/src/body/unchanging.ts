import type { BodyKind } from "./body-kind.ts";
import { CopiedBytes, type Bytes } from "./copied-bytes.ts";
import { FormEntries } from "./form/form-entries.ts";

/**
 * Makes a body that its caller can no longer change, for all sends of a call: copies bytes and parameters, and lists the
 * entries of a form.
 *
 * Strings and Blobs cannot change and are not copied; streams and factories are left as they are.
 */
export function unchanging(body: unknown, kind: BodyKind): unknown {
  if (kind === "bytes") return body instanceof CopiedBytes ? body : new CopiedBytes(body as Bytes);
  if (kind === "parameters") return new URLSearchParams(body as URLSearchParams);
  if (kind !== "form" || body instanceof FormEntries) return body;
  return new FormEntries(body as FormData);
}
