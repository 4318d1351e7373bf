import { checkDuration, checkKeys, checkNumber, checkOneOf, type NumberBounds } from "./option.ts";

/** One option: its default, its check, and its text in docs/options.md. */
export interface OptionSpec<Value> {
  readonly default: Value;
  /**
   * Checks a value.
   *
   * @param base - Value so far; options that are objects are laid over it field by field.
   * @throws OptionError with the path.
   */
  readonly check: (value: unknown, path: string, base: Value) => Value;
  readonly doc: string;
  /** Default in words, where docs/options.md cannot show the value itself. */
  readonly defaultDoc?: string | undefined;
  /** Options of an option that is an object. */
  readonly parts?: OptionTable<object> | undefined;
}

/**
 * Options of one object once they have been read: each is there. An option without an entry in its table does not
 * compile.
 *
 * @typeParam Own - Types of the options that are read into another form than they are given in.
 */
export type Resolved<
  Options,
  Own extends { readonly [Name in keyof Options]?: unknown } = object,
> = {
  readonly [Name in keyof Options]-?: Name extends keyof Own
    ? Own[Name]
    : Exclude<Options[Name], undefined>;
};

/** Options of one object: names, defaults, checks and texts. */
export type OptionTable<Resolved> = {
  readonly [Name in keyof Resolved]-?: OptionSpec<Resolved[Name]>;
};

/** Names of a table's options. */
export function optionNames(table: OptionTable<object>): readonly string[] {
  return Object.keys(table);
}

/** Defaults of a table's options. */
export function optionDefaults<Resolved>(table: OptionTable<Resolved>): Resolved {
  const defaults: Partial<Resolved> = {};
  for (const name of Object.keys(table) as (keyof Resolved)[]) defaults[name] = table[name].default;
  return defaults as Resolved;
}

/**
 * Lays options over a base. Unknown names are left to {@link checkKeys}.
 *
 * @param path - Path of the options; "" for the outermost object.
 * @throws OptionError with the path of the first wrong option.
 */
export function readOptions<Resolved>(
  table: OptionTable<Resolved>,
  given: Readonly<Partial<Record<keyof Resolved, unknown>>>,
  base: Resolved,
  path: string,
): Resolved {
  const resolved = { ...base };
  for (const name of Object.keys(table) as (keyof Resolved & string)[]) {
    const value = given[name];
    if (value === undefined) continue;
    resolved[name] = table[name].check(value, path === "" ? name : `${path}.${name}`, base[name]);
  }
  return resolved;
}

/** Specifies a number within bounds. */
export function numberOption(
  fallback: number,
  bounds: NumberBounds,
  doc: string,
): OptionSpec<number> {
  return {
    default: fallback,
    check: (value, path) => checkNumber(value, path, fallback, bounds),
    doc,
  };
}

/** Specifies a duration in milliseconds that a timer can wait, 0 allowed. */
export function durationOption(fallback: number, doc: string): OptionSpec<number> {
  return { default: fallback, check: (value, path) => checkDuration(value, path, fallback), doc };
}

/** Specifies one of several values. */
export function choiceOption<Value>(
  fallback: Value,
  allowed: readonly Value[],
  doc: string,
): OptionSpec<Value> {
  const check = (value: unknown, path: string): Value => {
    checkOneOf(value, allowed, path);
    return value as Value;
  };
  return { default: fallback, check, doc };
}

/** Specifies an object with options of its own, laid over the base field by field. */
export function objectOption<Value>(parts: OptionTable<Value>, doc: string): OptionSpec<Value> {
  const check = (value: unknown, path: string, base: Value): Value => {
    checkKeys(value, path, optionNames(parts));
    return readOptions(parts, value as Partial<Record<keyof Value, unknown>>, base, path);
  };
  return { default: optionDefaults(parts), check, doc, parts };
}
