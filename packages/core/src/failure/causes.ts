import { isObject, read } from "./error-info.ts";

/**
 * Properties that hold a wrapped error: the language's, AWS SDK 2's, TypeORM's and Sequelize's, ioredis' Cluster's,
 * VError's, Stripe's, urql's.
 */
const causeKeys = [
  "cause",
  "originalError",
  "original",
  "lastNodeError",
  "jse_cause",
  "detail",
  "networkError",
] as const;

/** Limit of a cyclic, endless or enormous chain; ordinary ones have two or three errors. */
const maxErrors = 64;

/** Limit of the errors that one classification reads. */
export class VisitLimit {
  #errors = 0;

  /** Counts an error; false above the limit. */
  enter(): boolean {
    this.#errors += 1;
    return this.#errors <= maxErrors;
  }
}

/** Errors that an error names as its cause. */
export function causesOf(error: object): object[] {
  return causeKeys.map((key) => read(error, key)).filter(isObject);
}

/** Errors of an AggregateError, all of which happened; empty for any other error. */
export function membersOf(error: object): unknown[] {
  const errors = read(error, "errors");
  if (!isArray(errors)) return [];
  const length = read(errors, "length");
  const count = typeof length === "number" ? Math.min(length, maxErrors) : 0;
  return Array.from({ length: count }, (_, index) => read(errors, String(index)));
}

function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value);
  } catch {
    // A revoked proxy throws.
    return false;
  }
}

/** Reason of the aborted signal that axios was given: axios keeps the signal, not the reason. */
export function abortReasonOf(error: object): unknown {
  return read(read(read(error, "config"), "signal"), "reason");
}
