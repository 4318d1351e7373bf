import { CopiedBytes, isBytes } from "./copied-bytes.ts";
import { isFormData } from "./form/form-data.ts";
import { FormEntries } from "./form/form-entries.ts";

/**
 * A body that nobody can change any more, for all sends of a call: bytes and parameters are copied, the entries of a form are listed.
 *
 * Strings and Blobs cannot change, and are not copied; streams and factories are left as they are.
 */
export function unchanging(body: unknown): unknown {
  if (isBytes(body)) return new CopiedBytes(body);
  if (body instanceof URLSearchParams) return new URLSearchParams(body);
  return isFormData(body) && !(body instanceof FormEntries) ? new FormEntries(body) : body;
}
