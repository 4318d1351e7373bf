import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { Field } from "@reissue/core";

import { headersSet, type HeaderValue, type SetHeader } from "./set-headers.ts";

/** The status of a response, and its headers that are stored. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: readonly Field[];
  /** The value of Content-Length; null where there is none. */
  readonly length: string | null;
}

/** Whether a header is stored, by its name in lower case; false for Content-Length. */
export type HeaderFilter = (name: string) => boolean;

/**
 * The head of a response, from the headers that have been set on it.
 *
 * @param status - The argument of `writeHead`: a number, or the text of one.
 */
export function headOf(
  response: ServerResponse,
  status: unknown,
  isStored: HeaderFilter,
): ResponseHead {
  const builder = new HeadBuilder(isStored);
  const set = headersSet(response);
  for (const lowerCase of Object.keys(set)) {
    const [name, value] = set[lowerCase] as SetHeader;
    builder.add(lowerCase, name, value);
  }
  return builder.head(status);
}

/**
 * The head of a response, from the headers that `writeHead` was given in an object.
 *
 * @returns null where other headers have been set too, or they were given otherwise: {@link setHeaders} then merges them.
 */
export function givenHead(
  response: ServerResponse,
  status: unknown,
  given: object,
  isStored: HeaderFilter,
): ResponseHead | null {
  if (Array.isArray(given) || response.getHeaderNames().length > 0) return null;
  const names = Object.keys(given);
  // Of two spellings of one name Node sends both, but where a header has been set and removed before, the last.
  if (!areDistinct(names)) return null;
  const builder = new HeadBuilder(isStored);
  for (const name of names) {
    builder.add(name.toLowerCase(), name, (given as OutgoingHttpHeaders)[name]);
  }
  return builder.head(status);
}

/** A head under construction; headers are added one by one. */
class HeadBuilder {
  readonly #isStored: HeaderFilter;
  readonly #fields: Field[] = [];
  #length: string | null = null;

  constructor(isStored: HeaderFilter) {
    this.#isStored = isStored;
  }

  add(lowerCase: string, name: string, value: HeaderValue): void {
    if (this.#isStored(lowerCase)) addFields(this.#fields, name, value);
    else if (lowerCase === "content-length") this.#length = lengthOf(value);
  }

  head(status: unknown): ResponseHead {
    return { status: Math.trunc(Number(status)), fields: this.#fields, length: this.#length };
  }
}

function lengthOf(value: HeaderValue): string | null {
  return value === undefined ? null : String(value);
}

function addFields(fields: Field[], name: string, value: HeaderValue): void {
  if (Array.isArray(value)) for (const each of value) fields.push([name, String(each)]);
  else if (value !== undefined) fields.push([name, String(value)]);
}

/**
 * Sets headers in any form that `writeHead` takes, so that a response has all of them in one place. Each replaces the
 * values that were set under its name before.
 *
 * @param given - An object, a flat list of names and values, or a list of pairs.
 */
export function setHeaders(response: ServerResponse, given: object): void {
  const names = Array.isArray(given) ? [] : Object.keys(given);
  if (names.length > 0 && areDistinct(names)) {
    for (const name of names) set(response, name, (given as OutgoingHttpHeaders)[name] as string);
    return;
  }
  const values = new Map<string, [name: string, values: string[]]>();
  for (const [name, value] of pairs(given)) {
    const field = values.get(name.toLowerCase()) ?? [name, []];
    for (const each of [value].flat()) field[1].push(each as string);
    values.set(name.toLowerCase(), field);
  }
  for (const [name, all] of values.values()) set(response, name, all);
}

function set(response: ServerResponse, name: string, value: string | string[]): void {
  response.setHeader(
    name,
    Array.isArray(value) && value.length === 1 ? (value[0] as string) : value,
  );
}

/** Whether no two names, all of them different, differ in case only. */
function areDistinct(names: readonly string[]): boolean {
  if (names.every((name) => name === name.toLowerCase())) return true;
  return new Set(names.map((name) => name.toLowerCase())).size === names.length;
}

function pairs(given: object): (readonly [name: string, value: unknown])[] {
  if (!Array.isArray(given)) return Object.entries(given as OutgoingHttpHeaders);
  if (given.every((pair) => Array.isArray(pair))) {
    return given.map(([name, value]): [string, unknown] => [name, value]);
  }
  return Array.from({ length: Math.ceil(given.length / 2) }, (_, at) => [
    given[2 * at],
    given[2 * at + 1],
  ]);
}
