import { FixedBody, noBody, type Body } from "./body.ts";
import type { BodyMemory } from "./body-memory.ts";
import { DeclaredSource } from "./source/declared-source.ts";
import { FactoryBody, type BodyFactory } from "./factory-body.ts";
import { classifyBody, type BodyKind } from "./body-kind.ts";
import { CopiedBytes } from "./copied-bytes.ts";
import { FormBody } from "./form/form-body.ts";
import type { FormEntries } from "./form/form-entries.ts";
import { sourceOf } from "./source/source-of.ts";
import { StreamBody } from "./stream-body.ts";
import { unchanging } from "./unchanging.ts";

/** Limits on recorded bodies. */
export interface BodyLimits {
  /** Of one body, in bytes. */
  readonly maxBytes: number;
  /** Shared by all bodies of a client. */
  readonly memory: BodyMemory;
}

/**
 * Makes a body that can be sent once for each attempt.
 *
 * @param value - Unchanging: see {@link unchanging}.
 * @param resendable - Whether the request may be resent once its body has been read; if not, nothing is recorded.
 */
export function requestBody(
  value: unknown,
  kind: BodyKind,
  resendable: boolean,
  limits: BodyLimits,
): Body {
  switch (kind) {
    case "none":
      return noBody;
    case "bytes":
      return new FixedBody(value instanceof CopiedBytes ? value.bytes : value);
    case "parameters":
      return new FixedBody(String(value), "application/x-www-form-urlencoded;charset=UTF-8");
    case "form":
      return new FormBody(value as FormEntries);
    case "factory":
      return new FactoryBody(value as BodyFactory, (made) => madeBody(made, limits));
    case "text":
    case "blob":
    case "other":
      return new FixedBody(value);
    case "source":
    case "node-stream":
    case "web-stream":
    case "iterable": {
      const maxBytes = value instanceof DeclaredSource ? Infinity : limits.maxBytes;
      const source = sourceOf(value, kind);
      return new StreamBody(source, resendable ? maxBytes : 0, limits.memory);
    }
  }
}

/** Makes the body of one attempt from what a factory has made for it: neither recorded nor, if it is bytes, copied. */
function madeBody(made: unknown, limits: BodyLimits): Body {
  const kind = classifyBody(made);
  return requestBody(kind === "bytes" ? made : unchanging(made, kind), kind, false, limits);
}
