import { closestName } from "./closest-name.ts";
import { isReissueError, OptionError } from "./reissue-error.ts";

/**
 * Checks that an object has known options only: unknown ones are errors, so that a typing mistake cannot silently leave
 * a default in force.
 *
 * @param elsewhere - Dotted paths of options further down, which may have been meant too.
 */
export function checkKeys(
  value: unknown,
  path: string,
  known: readonly string[],
  elsewhere: readonly string[] = [],
): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new OptionError(path, `must be an object, got ${describe(value)}`);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    checkPlain(value, path, known);
    const meant = closestName(key, [...known, ...elsewhere]);
    const names = `known: ${known.join(", ")}`;
    throw new OptionError(
      `${path}.${key}`,
      meant === null
        ? `is not an option (${names})`
        : `is not an option; did you mean ${path}.${meant}? (${names})`,
    );
  }
}

/** Refuses an object of a class that was passed in place of the options which have it, such as a pool or a registry. */
function checkPlain(value: object, path: string, known: readonly string[]): void {
  const name: unknown = Reflect.get(value, "constructor")?.name;
  // Also that of another realm, as Jest has it.
  if (typeof name !== "string" || name === "Object") return;
  throw new OptionError(
    path,
    `must be an object of options, got an instance of ${name} (known: ${known.join(", ")})`,
  );
}

/**
 * Reads options that are the value of another option, and completes the path of an error.
 *
 * @param path - Path of the option whose value is read, such as `upstream`.
 * @param read - Reader for which that value is the outermost object.
 */
export function readWithin<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!isReissueError(error) || error.code !== "ERR_REISSUE_OPTION") throw error;
    const { path: inner, message } = error as OptionError;
    const problem = message.slice(inner.length + 1).replaceAll("options.", `${path}.`);
    throw new OptionError(joinedPath(path, inner), problem);
  }
}

/** Joins the path of an option and a path below it; `options` stands for the outermost object. */
function joinedPath(path: string, inner: string): string {
  const below = inner === "options" ? "" : inner.replace(/^options\./, "");
  return below === "" ? path : `${path}.${below}`;
}

/** Bounds of a numeric option, both inclusive. */
export interface NumberBounds {
  readonly min: number;
  /** @defaultValue Number.MAX_SAFE_INTEGER */
  readonly max?: number;
  /** @defaultValue false */
  readonly integer?: boolean;
}

/**
 * Longest delay of a Node timer, in ms; a longer one would fire immediately.
 *
 * Source: Node's documentation of setTimeout, 2³¹ − 1.
 */
export const maxTimerMs: number = 2 ** 31 - 1;

/** Checks a number; `fallback` where the option is absent. */
export function checkNumber(
  value: unknown,
  path: string,
  fallback: number,
  bounds: NumberBounds,
): number {
  if (value === undefined) return fallback;
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER;
  const kind = bounds.integer === true ? "an integer" : "a number";
  const isNumber = typeof value === "number" && !Number.isNaN(value);
  const fits = isNumber && (bounds.integer !== true || Number.isInteger(value) || value === max);
  if (!fits || value < bounds.min || value > max) {
    throw new OptionError(
      path,
      `must be ${kind} from ${bounds.min} to ${max}, got ${describe(value)}`,
    );
  }
  return value;
}

/** Checks a duration in milliseconds that a timer can wait, 0 allowed. */
export function checkDuration(value: unknown, path: string, fallback: number): number {
  return checkNumber(value, path, fallback, { min: 0, max: maxTimerMs });
}

/** Checks that a value is one of those allowed. */
export function checkOneOf(value: unknown, allowed: readonly unknown[], path: string): void {
  if (allowed.includes(value)) return;
  const words = allowed.map((each) => JSON.stringify(each));
  const last = words.pop();
  throw new OptionError(path, `must be ${words.join(", ")} or ${last}, got ${describe(value)}`);
}

/** Describes a value for an error message, with few of its characters. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === null) return "null";
  if (value instanceof Promise) return "a promise";
  return Array.isArray(value) ? "an array" : `a value of type ${typeof value}`;
}
