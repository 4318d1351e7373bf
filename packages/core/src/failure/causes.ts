import { isObject, read } from "./error-info.ts";

/**
 * Properties that hold a wrapped error: the language's, AWS SDK 2's, TypeORM's and Sequelize's, ioredis' Cluster's,
 * VError's.
 */
const causeKeys = ["cause", "originalError", "original", "lastNodeError", "jse_cause"] as const;

/**
 * Properties that hold the transport's error in Stripe's and urql's errors, and in others anything: problem details
 * (RFC 9457) relay an upstream's words in `detail`, which may look like an error and are none.
 */
const ambiguousKeys = ["detail", "networkError"] as const;

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
  const named = causeKeys.map((key) => read(error, key)).filter(isObject);
  const ambiguous = ambiguousKeys.map((key) => read(error, key)).filter(isErrorObject);
  return [...named, ...ambiguous];
}

/** Errors of an AggregateError, all of which happened; empty for any other error. */
export function membersOf(error: object): unknown[] {
  const errors = read(error, "errors");
  if (!isArray(errors)) return [];
  const length = read(errors, "length");
  const count = typeof length === "number" ? Math.min(length, maxErrors) : 0;
  return Array.from({ length: count }, (_, index) => read(errors, String(index)));
}

/** Whether a value is an error, of any realm: only errors have a stack. */
function isErrorObject(value: unknown): value is object {
  return isObject(value) && typeof read(value, "stack") === "string";
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
