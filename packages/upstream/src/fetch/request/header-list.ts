import { types } from "node:util";

import { textOf } from "./request-body-init.ts";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Values that fetch neither refuses nor trims (Fetch §2.2.2). */
const plainValue = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

interface Field {
  /** Spelled as given, and sent so, as with fetch. */
  name: string;
  readonly key: string;
  value: string;
}

/** Headers of a request that are sent as the caller wrote them: in their order, each name once. */
export class HeaderList {
  readonly #fields: Field[] = [];

  copy(): HeaderList {
    const copy = new HeaderList();
    for (const { name, key, value } of this.#fields) copy.#fields.push({ name, key, value });
    return copy;
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined;
  }

  get(key: string): string | undefined {
    return this.#find(key)?.value;
  }

  /** Sets a field to one value. */
  set(key: string, value: string): void {
    const field = this.#find(key);
    if (field === undefined) this.#fields.push({ name: key, key, value });
    else Object.assign(field, { name: key, value });
  }

  /** Adds a field, or a further value of one. */
  append(name: string, value: string): void {
    const key = name.toLowerCase();
    const field = this.#find(key);
    if (field === undefined) this.#fields.push({ name, key, value });
    else field.value += `${key === "cookie" ? "; " : ", "}${value}`;
  }

  delete(key: string): void {
    const index = this.#fields.findIndex((field) => field.key === key);
    if (index !== -1) this.#fields.splice(index, 1);
  }

  /** Returns the headers in undici's form. */
  toRecord(): Record<string, string> {
    const record: Record<string, string> = {};
    for (const { name, value } of this.#fields) record[name] = value;
    return record;
  }

  #find(key: string): Field | undefined {
    for (const field of this.#fields) if (field.key === key) return field;
    return undefined;
  }
}

/** Names and values as the caller gave them, each read once. */
export type HeaderPairs = (readonly [name: string, value: string])[];

/**
 * Reads headers in the usual forms: an object or pairs.
 *
 * @returns null for any other form, which the platform reads or refuses: only it knows how a Headers object's names
 *   were spelled.
 */
export function headerPairs(given: unknown): HeaderPairs | null {
  if (given === undefined) return [];
  if (typeof given !== "object" || given === null || types.isProxy(given)) return null;
  if (Array.isArray(given)) return given.every(isPair) ? given.map(pairOf) : null;
  const prototype: unknown = Object.getPrototypeOf(given);
  const isPlain = prototype === Object.prototype || prototype === null;
  if (!isPlain || Object.getOwnPropertySymbols(given).length > 0) return null;
  return Object.keys(given).map((name) => pairOf([name, (given as Record<string, unknown>)[name]]));
}

/** Returns headers that can be sent unchanged; null if the platform would refuse or normalise one. */
export function headerList(pairs: HeaderPairs): HeaderList | null {
  const list = new HeaderList();
  for (const [name, value] of pairs) {
    if (!token.test(name) || !plainValue.test(value)) return null;
    list.append(name, value);
  }
  return list;
}

function isPair(given: unknown): boolean {
  return Array.isArray(given) && given.length === 2;
}

function pairOf([name, value]: readonly unknown[]): readonly [string, string] {
  return [textOf(name), textOf(value)];
}
