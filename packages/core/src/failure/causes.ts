import { isObject, read } from "./error-info.ts";

/**
 * Where errors keep the one that they wrap: the language, AWS SDK 2, TypeORM and Sequelize, ioredis' Cluster, VError.
 */
const causeKeys = ["cause", "originalError", "original", "lastNodeError", "jse_cause"] as const;

/** Honest chains have two or three errors; this keeps a cyclic, endless or enormous one finite. */
const maxErrors = 64;

/** Counts the errors that one classification has looked at. */
export class VisitLimit {
  #errors = 0;

  /** Whether one more error may be looked at. */
  enter(): boolean {
    this.#errors += 1;
    return this.#errors <= maxErrors;
  }
}

/** The errors that `error` names as its cause. */
export function causesOf(error: object): object[] {
  return causeKeys.map((key) => read(error, key)).filter(isObject);
}

/** The errors of an AggregateError, which all happened; empty for any other error. */
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

/** Why the signal was aborted that axios was given; it keeps the signal and not the reason. */
export function abortReasonOf(error: object): unknown {
  return read(read(read(error, "config"), "signal"), "reason");
}
