import { OutgoingMessage, type ClientRequest, type ServerResponse } from "node:http";
import { isDeepStrictEqual } from "node:util";

/** A value that a header may be set to. */
export type HeaderValue = number | string | readonly string[] | undefined;

/** A header as it was set. */
export type SetHeader = readonly [name: string, value: HeaderValue];

/** Headers that have been set, by their names in lower case. */
export type SetHeaders = Readonly<Record<string, SetHeader>>;

/** The property in which Node stores {@link SetHeaders}; undefined in a version of Node that stores them otherwise. */
const internalSlot = findInternalSlot();

/** Headers that have been set on a response; not to be changed. */
// perf: docs/performance.md#names-of-set-headers
export function headersSet(response: ServerResponse): SetHeaders {
  const internal =
    internalSlot === undefined ? undefined : (response as unknown as Internals)[internalSlot];
  if (internal !== undefined) return internal ?? noHeaders;
  // Node's types have the method on requests alone. A response made by hand may lack it, or the state that it reads.
  const { getRawHeaderNames } = response as ServerResponse &
    Partial<Pick<ClientRequest, "getRawHeaderNames">>;
  const isNodes = internalSlot === undefined && getRawHeaderNames !== undefined;
  const names = isNodes ? getRawHeaderNames.call(response) : response.getHeaderNames();
  const headers: Record<string, SetHeader> = Object.create(null) as {};
  for (const name of names) {
    headers[name.toLowerCase()] = [name, response.getHeader(name)];
  }
  return headers;
}

interface Internals {
  readonly [symbol: symbol]: SetHeaders | null | undefined;
}

const noHeaders: SetHeaders = {};

function findInternalSlot(): symbol | undefined {
  // Not a ServerResponse, which Node would announce to subscribers of its diagnostics channels.
  const probe = new OutgoingMessage().setHeader("X-Probe", "1");
  return Object.getOwnPropertySymbols(probe).find((symbol) => {
    const value = (probe as unknown as Internals)[symbol];
    return isDeepStrictEqual({ ...value }, { "x-probe": ["X-Probe", "1"] });
  });
}
