import { inspect } from "node:util";

/**
 * The number given for an option, or its default.
 *
 * @throws TypeError when it is no number; RangeError when it is outside [min, max] or, unless `fraction`, no integer.
 */
export function numberOption(
  path: string,
  value: unknown,
  limits: {
    readonly fallback: number;
    readonly min: number;
    readonly max: number;
    readonly fraction?: boolean;
  },
): number {
  if (value === undefined) return limits.fallback;
  if (typeof value !== "number")
    throw new TypeError(`${path} must be a number, got ${typeof value}`);
  const whole = limits.fraction === true || Number.isInteger(value) || value === Infinity;
  if (!(value >= limits.min && value <= limits.max) || !whole) {
    const kind = limits.fraction === true ? "a number" : "an integer";
    throw new RangeError(
      `${path} must be ${kind} from ${limits.min} to ${limits.max}, got ${value}`,
    );
  }
  return value;
}

/**
 * The word given for an option, or its default.
 *
 * @throws TypeError when it is not one of `words`.
 */
export function wordOption<Word extends string>(
  path: string,
  value: unknown,
  words: readonly Word[],
  fallback: Word,
): Word {
  if (value === undefined) return fallback;
  const word = words.find((one) => one === value);
  if (word === undefined)
    throw new TypeError(`${path} must be one of ${words.join(", ")}, got ${inspect(value)}`);
  return word;
}

/**
 * Checks that an object has no property outside `known`: a misspelt fault option must not pass as a milder fault.
 *
 * @throws TypeError naming the first unknown property.
 */
export function knownOptions(path: string, value: unknown, known: readonly string[]): void {
  if (typeof value !== "object" || value === null) throw new TypeError(`${path} must be an object`);
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      throw new TypeError(`${path}.${name} is not an option; known: ${known.join(", ")}`);
  }
}
