import type { IncomingHttpHeaders } from "node:http";

import type { Dispatcher } from "undici";

type Headers = Dispatcher.DispatchOptions["headers"];
type Pairs = Iterable<[string, string | string[] | undefined]>;

/**
 * Copies headers, into a form that can be read again for each attempt: the caller may change them before the first, and
 * an iterator can be read once.
 */
export function snapshot(headers: Headers): Headers {
  if (typeof headers !== "object" || headers === null) return headers;
  if (Array.isArray(headers)) return headers.map(copied);
  if (!(Symbol.iterator in headers)) return copiedRecord(headers);
  return new Set(
    Array.from(headers as Pairs, (pair) => (Array.isArray(pair) ? pair.map(copied) : pair)),
  ) as never;
}

/** Copies a plain object with its lists; any other value is returned unchanged. */
export function copiedRecord<Given>(given: Given): Given {
  if (typeof given !== "object" || given === null) return given;
  const copy = { ...given };
  for (const name in copy) copy[name] = copied(copy[name]);
  return copy;
}

function copied<Value>(value: Value): Value {
  return (Array.isArray(value) ? [...value] : value) as Value;
}

/** Value of one header, in any form that undici allows; undefined for none. */
export function headerValue(headers: Headers, name: string): string | string[] | undefined {
  if (headers === null || headers === undefined) return undefined;
  if (!(Symbol.iterator in headers)) return ownValue(headers, name);
  for (const [key, value] of headerPairs(headers)) {
    if (isNamed(key, name)) return value;
  }
  return undefined;
}

/** Value in a plain object, the commonest form, without a list of its entries. */
function ownValue(headers: object, name: string): string | string[] | undefined {
  const values = headers as IncomingHttpHeaders;
  for (const key in values) {
    if (isNamed(key, name) && Object.hasOwn(values, key)) return values[key];
  }
  return undefined;
}

function isNamed(key: string, name: string): boolean {
  return key.length === name.length && key.toLowerCase() === name;
}

/** Adds a header, and returns undici's flat list. */
export function withHeader(headers: Headers, name: string, value: string): string[] {
  return [...withoutHeader(headers, name), name, value];
}

/** Removes a header, and returns undici's flat list; `name` in lower case. */
export function withoutHeader(headers: Headers, name: string): string[] {
  const flat: string[] = [];
  for (const [key, values] of headerPairs(headers)) {
    if (values === undefined || key.toLowerCase() === name) continue;
    // Undici also takes numbers, whatever its types say.
    for (const each of Array.isArray(values) ? values : [values]) flat.push(key, each);
  }
  return flat;
}

/** Names and values, in any form that undici allows. */
export function headerPairs(headers: Headers): Pairs {
  if (headers === null || headers === undefined) return [];
  if (Array.isArray(headers)) return flatPairs(headers);
  if (Symbol.iterator in headers) return headers as Pairs;
  return Object.entries(headers as IncomingHttpHeaders);
}

function* flatPairs(flat: readonly string[]): Pairs {
  for (let index = 0; index + 1 < flat.length; index += 2) {
    yield [flat[index]!, flat[index + 1]!];
  }
}
