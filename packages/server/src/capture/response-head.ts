import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { Field } from "@reissue/core";

import { headersSet, type HeaderValue, type SetHeader } from "./set-headers.ts";

/** The status of a response, and those of its headers that are kept. */
export interface ResponseHead {
  readonly status: number;
  readonly fields: readonly Field[];
  /** What Content-Length says; null where it says nothing. */
  readonly length: string | null;
}

/** Whether a header is kept, by its name in lower case; Content-Length is none of them. */
export type HeaderFilter = (name: string) => boolean;

/** The head that a response has been given, with the status that `writeHead` is given: a number, or the text of one. */
export function headOf(
  response: ServerResponse,
  status: unknown,
  keeps: HeaderFilter,
): ResponseHead {
  const draft = new Draft(keeps);
  const set = headersSet(response);
  for (const lowerCase of Object.keys(set)) {
    const [name, value] = set[lowerCase] as SetHeader;
    draft.add(lowerCase, name, value);
  }
  return draft.head(status);
}

/**
 * The head that `writeHead` is given in an object; null where that is not all of it, or is given otherwise, and
 * {@link setHeaders} has to bring it together.
 */
export function headGiven(
  response: ServerResponse,
  status: unknown,
  given: object,
  keeps: HeaderFilter,
): ResponseHead | null {
  if (Array.isArray(given) || response.getHeaderNames().length > 0) return null;
  const names = Object.keys(given);
  // Where a header was set and taken back, Node takes the last of them, and else sends both.
  if (!areDistinct(names)) return null;
  const draft = new Draft(keeps);
  for (const name of names) {
    draft.add(name.toLowerCase(), name, (given as OutgoingHttpHeaders)[name]);
  }
  return draft.head(status);
}

/** A head to which headers are added one by one. */
class Draft {
  readonly #keeps: HeaderFilter;
  readonly #fields: Field[] = [];
  #length: string | null = null;

  constructor(keeps: HeaderFilter) {
    this.#keeps = keeps;
  }

  add(lowerCase: string, name: string, value: HeaderValue): void {
    if (this.#keeps(lowerCase)) addFields(this.#fields, name, value);
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
 * Sets headers as `writeHead` takes them, so that a response has them all in one place: an object, a flat list of names
 * and values, or a list of pairs. Each takes the place of what was set before under its name.
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

/** Whether no two of them name the same header; none is there twice. */
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
