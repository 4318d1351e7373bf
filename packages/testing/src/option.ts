import { checkNumber, checkOneOf } from "@reissue/core/internal";

/** The bounds of a numeric option, both allowed, and its default. */
export interface NumberOption {
  readonly fallback: number;
  readonly min: number;
  readonly max: number;
  /** @defaultValue false: an integer, or `max` */
  readonly fraction?: boolean;
}

/**
 * Reads a numeric option.
 *
 * @throws OptionError with the option's path.
 */
export function numberOption(
  path: string,
  value: unknown,
  { fallback, min, max, fraction = false }: NumberOption,
): number {
  return checkNumber(value, path, fallback, { min, max, integer: !fraction });
}

/**
 * Reads an option that is one of several words.
 *
 * @throws OptionError with the option's path.
 */
export function wordOption<Word extends string>(
  path: string,
  value: unknown,
  words: readonly Word[],
  fallback: Word,
): Word {
  if (value === undefined) return fallback;
  checkOneOf(value, words, path);
  return value as Word;
}
