import { FixedBody, noBody, type Body } from "./body.ts";
import type { BodyMemory } from "./body-memory.ts";
import { isFormData, ownFormData } from "./form-data.ts";
import { StreamBody, type ChunkSource } from "./stream-body.ts";

/** A body made anew for every attempt; the way to send a large file that must be resendable. */
export type BodyFactory = () => unknown;

/** The limits on recorded bodies. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly memory: BodyMemory;
}

/**
 * Makes whatever a caller gave as a body openable once for each attempt.
 *
 * @param resendable - Whether the request may be resent once its body has been touched; if not, nothing is recorded.
 */
export function requestBody(value: unknown, resendable: boolean, limits: BodyLimits): Body {
  if (value === null || value === undefined) return noBody;
  if (typeof value === "function") {
    return new FactoryBody(value as BodyFactory, resendable, limits);
  }
  // The one fixed kind that undici does not encode by itself.
  if (value instanceof URLSearchParams) return new FixedBody(value.toString());
  if (isFormData(value)) return new FixedBody(ownFormData(value));
  if (isFixed(value) || !isChunkSource(value)) return new FixedBody(value);
  return new StreamBody(value, resendable ? limits.maxBytes : 0, limits.memory);
}

/** A factory is asked once for each attempt, so whatever it gives need not be recorded. */
class FactoryBody implements Body {
  readonly replayable = true;
  readonly #factory: BodyFactory;
  readonly #resendable: boolean;
  readonly #limits: BodyLimits;
  #opened: Body | null = null;

  constructor(factory: BodyFactory, resendable: boolean, limits: BodyLimits) {
    this.#factory = factory;
    this.#resendable = resendable;
    this.#limits = limits;
  }

  open(): unknown {
    this.#opened?.release();
    this.#opened = requestBody(this.#factory(), this.#resendable, { ...this.#limits, maxBytes: 0 });
    return this.#opened.open();
  }

  release(): void {
    this.#opened?.release();
  }
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

function isChunkSource(value: unknown): value is ChunkSource {
  return (
    typeof value === "object" &&
    value !== null &&
    (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}
