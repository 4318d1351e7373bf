import type { FaultName } from "../faulty-upstream/faults/fault.ts";
import type { ReceivedRequest } from "../faulty-upstream/http/received-request.ts";

/** Request that reached a mock upstream: one for each send, so that a resend is a request of its own. */
export interface SentRequest {
  readonly method: string;
  /** Path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Segments that the route's `:name` stands for, percent-decoded; empty without a route. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Headers;
  /** Body, as UTF-8; empty until it is complete. */
  readonly text: string;
  /**
   * Parses the body.
   *
   * @throws SyntaxError for a body that is no JSON.
   */
  json(): unknown;
  /** Whether its connection had carried another request before. */
  readonly reused: boolean;
  /** Whether it was processed: false for one that a fault hit before. */
  readonly processed: boolean;
  /** Fault that it was given; null for none. */
  readonly fault: FaultName | null;
}

/** Shows a received request as one that was sent. */
export function sentRequest(
  received: ReceivedRequest,
  params: Readonly<Record<string, string>>,
): SentRequest {
  const { pathname, searchParams } = new URL(received.path, "http://upstream");
  const text = received.body?.toString("utf8") ?? "";
  const { method, processed, fault } = received;
  return {
    method,
    path: pathname,
    query: searchParams,
    params,
    headers: new Headers(received.headers.map(([name, value]): [string, string] => [name, value])),
    text,
    json: () => JSON.parse(text) as unknown,
    reused: received.nth > 1,
    processed,
    fault,
  };
}
