import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";

import type { SentRequest } from "./sent-request.ts";

/** Facts that a request has to have; those that are left out are not compared. */
export interface SentExpectation {
  /** Number of requests that have them all. @defaultValue one or more */
  readonly times?: number | undefined;
  readonly params?: Readonly<Record<string, string>> | undefined;
  /** Query parameters; others may be there. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Headers, by name in any case; others may be there. */
  readonly headers?: Readonly<Record<string, string | RegExp>> | undefined;
  /** Body as text. */
  readonly text?: string | RegExp | undefined;
  /** Body as JSON, compared deeply. */
  readonly json?: unknown;
}

/**
 * Checks that requests like the expected one were sent.
 *
 * @param sent - Requests of the route.
 * @param route - Name of the route, for the message.
 * @returns the requests that are as expected.
 * @throws AssertionError with the requests that were sent.
 */
export function checkSent(
  sent: readonly SentRequest[],
  route: string,
  expected: SentExpectation,
): SentRequest[] {
  const matching = sent.filter((request) => matches(request, expected));
  const { times, ...facts } = expected;
  const holds = times === undefined ? matching.length > 0 : matching.length === times;
  if (holds) return matching;
  const wanted = times === undefined ? "at least once" : `${times} times`;
  throw new AssertionError({
    message: `${route} was to be sent ${wanted} and was sent ${matching.length} times${listed(facts)}\n${described(sent)}`,
    actual: matching.length,
    expected: times ?? "at least 1",
    operator: "assertSent",
    stackStartFn: checkSent,
  });
}

function matches(request: SentRequest, expected: SentExpectation): boolean {
  const { params, query = {}, headers = {}, text } = expected;
  if (params !== undefined && !isDeepStrictEqual({ ...request.params }, { ...params }))
    return false;
  for (const [name, value] of Object.entries(query)) {
    if (!request.query.getAll(name).includes(value)) return false;
  }
  for (const [name, value] of Object.entries(headers)) {
    const given = request.headers.get(name);
    if (given === null || !isLike(given, value)) return false;
  }
  if (text !== undefined && !isLike(request.text, text)) return false;
  return !("json" in expected) || isDeepStrictEqual(parsed(request), expected.json);
}

function isLike(given: string, expected: string | RegExp): boolean {
  return typeof expected === "string" ? given === expected : given.search(expected) !== -1;
}

/** A body that is no JSON is like no value: it may belong to another request than the expected one. */
function parsed(request: SentRequest): unknown {
  try {
    return request.json();
  } catch {
    return undefined;
  }
}

function listed(facts: Omit<SentExpectation, "times">): string {
  const names = Object.keys(facts);
  return names.length === 0 ? "" : ` with the expected ${names.join(", ")}`;
}

function described(sent: readonly SentRequest[]): string {
  if (sent.length === 0) return "no request was sent to it";
  const lines = sent.slice(-10).map(({ method, path, text, fault }) => {
    const body = text === "" ? "" : ` ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
    return `  ${method} ${path}${body}${fault === null ? "" : ` (fault: ${fault})`}`;
  });
  return [`sent, the latest last:`, ...lines].join("\n");
}
