import type { ClientRequest, OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { Field } from "@reissue/core";

/** The status of a response, and those of its headers that are kept. */
export interface Head {
  readonly status: number;
  readonly fields: readonly Field[];
  /** What Content-Length says; null where it says nothing. */
  readonly length: string | null;
}

/** Whether a header is kept, by its name in lower case; Content-Length is none of them. */
export type Keeps = (name: string) => boolean;

/** The head that a response has been given, with the status that `writeHead` is given: a number, or the text of one. */
export function headOf(response: ServerResponse, status: unknown, keeps: Keeps): Head {
  return head(status, rawHeaderNames(response), (name) => response.getHeader(name), keeps);
}

/**
 * The head that `writeHead` is given in an object; null where that is not all of it, or is given otherwise, and
 * {@link setHeaders} has to bring it together.
 */
export function headGiven(
  response: ServerResponse,
  status: unknown,
  given: object,
  keeps: Keeps,
): Head | null {
  if (Array.isArray(given) || rawHeaderNames(response).length > 0) return null;
  const names = Object.keys(given);
  // Where a header was set and taken back, Node takes the last of them, and else sends both.
  if (!areDistinct(names)) return null;
  return head(status, names, (name) => (given as OutgoingHttpHeaders)[name], keeps);
}

function head(
  status: unknown,
  names: readonly string[],
  valueOf: (name: string) => HeaderValue,
  keeps: Keeps,
): Head {
  const fields: Field[] = [];
  let length: string | null = null;
  for (const name of names) {
    const lowerCase = name.toLowerCase();
    if (keeps(lowerCase)) addFields(fields, name, valueOf(name));
    else if (lowerCase === "content-length") length = lengthOf(valueOf(name));
  }
  return { status: Math.trunc(Number(status)), fields, length };
}

type HeaderValue = number | string | readonly string[] | undefined;

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

/** Whether no two of them name the same header. */
function areDistinct(names: readonly string[]): boolean {
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

/** The names of the headers that have been set, as they were written; Node's types know it of requests alone. */
function rawHeaderNames(response: ServerResponse): readonly string[] {
  return (
    response as ServerResponse & Pick<ClientRequest, "getRawHeaderNames">
  ).getRawHeaderNames();
}
