import { isObject, read } from "./link.ts";

/**
 * Where errors keep the one that they wrap: the language, AWS SDK 2, TypeORM and Sequelize, ioredis' Cluster, VError.
 */
const causeKeys = ["cause", "originalError", "original", "lastNodeError", "jse_cause"] as const;

/** A chain of honest wrappers has two or three links. */
const maxDepth = 12;
/** All errors looked at in one classification, so that wide and deep together stay cheap. */
const maxErrors = 64;

/** The way from the thrown value to the error at hand; keeps a cyclic, endless or enormous chain finite. */
export class Trail {
  readonly #above = new Set<object>();
  #errors = 0;

  /** Whether `error` may be looked at; if so, {@link leave} it afterwards. */
  enter(error: object): boolean {
    if (this.#above.size >= maxDepth || this.#errors >= maxErrors) return false;
    if (this.#above.has(error)) return false;
    this.#above.add(error);
    this.#errors += 1;
    return true;
  }

  /** Goes back up. */
  leave(error: object): void {
    this.#above.delete(error);
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
