import { FixedBody, noBody, type Body } from "./body.ts";
import type { BodyMemory } from "./body-memory.ts";
import { DeclaredSource } from "./source/declared-source.ts";
import { FactoryBody, type BodyFactory } from "./factory-body.ts";
import { CopiedBytes, isBytes } from "./copied-bytes.ts";
import { FormBody } from "./form/form-body.ts";
import { FormEntries } from "./form/form-entries.ts";
import { isReadOnce } from "./read-once.ts";
import { StreamBody } from "./stream-body.ts";
import { unchanging } from "./unchanging.ts";

/** The limits on recorded bodies. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly memory: BodyMemory;
}

/**
 * Makes an unchanging value sendable once for each attempt; see {@link unchanging}.
 *
 * @param resendable - Whether the request may be resent once its body has been touched; if not, nothing is recorded.
 */
export function requestBody(value: unknown, resendable: boolean, limits: BodyLimits): Body {
  if (value === null || value === undefined) return noBody;
  if (typeof value === "string") return new FixedBody(value);
  if (value instanceof CopiedBytes) return new FixedBody(value.bytes);
  if (typeof value === "function") {
    // What a factory gives is asked for anew: it need not be recorded, nor copied.
    return new FactoryBody(value as BodyFactory, (made) =>
      requestBody(isBytes(made) ? made : unchanging(made), false, limits),
    );
  }
  if (value instanceof URLSearchParams) {
    return new FixedBody(value.toString(), "application/x-www-form-urlencoded;charset=UTF-8");
  }
  if (value instanceof FormEntries) return new FormBody(value);
  if (!isReadOnce(value)) return new FixedBody(value);
  const maxBytes = value instanceof DeclaredSource ? Infinity : limits.maxBytes;
  return new StreamBody(value, resendable ? maxBytes : 0, limits.memory);
}
