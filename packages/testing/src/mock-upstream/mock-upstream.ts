import { checkKeys, checkReached } from "@reissue/core/internal";

import { faultyUpstream } from "../faulty-upstream/faulty-upstream.ts";
import type { Fault } from "../faulty-upstream/faults/fault.ts";
import type { FaultSelector } from "../faulty-upstream/faults/fault-plan.ts";
import type { ReceivedRequest } from "../faulty-upstream/http/received-request.ts";
import type { UpstreamResponse } from "../faulty-upstream/http/response.ts";
import type { FaultyUpstream } from "../faulty-upstream/upstream-api.ts";
import type { FaultyUpstreamOptions } from "../faulty-upstream/upstream-options.ts";
import { toUpstreamResponse, type MockReply } from "./mock-response.ts";
import { MockRoute, type MockReplies } from "./mock-route.ts";
import { checkSent, type SentExpectation } from "./sent-expectation.ts";
import { sentRequest, type SentRequest } from "./sent-request.ts";

/** Largest body that is recorded, in bytes. */
const keepBodyBytes = 1024 * 1024;

/** Fault of a route, and which of its requests get it. */
export type RouteFault = Fault & Omit<FaultSelector, "match" | "methods">;

/** Options of {@link mockUpstream}. */
export type MockUpstreamOptions = Pick<
  FaultyUpstreamOptions,
  "port" | "host" | "seed" | "idleTimeoutMs" | "keepAliveHint"
>;

/** Upstream of a test: a real server on loopback, whose routes, faults and received requests the test decides and reads. */
export interface MockUpstream {
  /** Origin, such as `http://127.0.0.1:41234`. */
  readonly origin: string;
  /** Host and port, such as `127.0.0.1:41234`: the `connectTo` of an origin whose name is fixed in the code. */
  readonly host: string;
  /** Server below: its connections, restarts and statistics. */
  readonly server: FaultyUpstream;
  /**
   * Sets the response of a route, before all others that match the same requests.
   *
   * @throws OptionError for a name that no request can match, or a wrong response.
   */
  respond(route: string, replies: MockReplies): void;
  /**
   * Gives the next request of a route a fault; `times`, `on` and `probability` say which instead.
   *
   * @throws OptionError for a wrong fault.
   */
  fail(route: string, fault: RouteFault): void;
  /** Lists the requests of a route, or all, in the order of their arrival. */
  sent(route?: string): SentRequest[];
  /**
   * Checks that requests like the expected one were sent to a route.
   *
   * @returns them.
   * @throws AssertionError with the requests that were sent.
   */
  assertSent(route: string, expected?: SentExpectation): SentRequest[];
  /** Lists the requests that no route matches; each got 501. */
  unmatched(): SentRequest[];
  /** Forgets the requests and ends the faults; routes stay. */
  clear(): void;
  /** Closes the server and its connections. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens an upstream for a test, with responses by route.
 *
 * @param routes - Responses by `METHOD /path`; `:name` is one segment, a last `*` the rest. Of several routes that match,
 *   the first holds.
 * @throws OptionError with the path of the first wrong option.
 * @example
 * ```js
 * const orders = await mockUpstream({
 *   "GET /orders/:id": ({ params }) => ({ json: { id: params.id } }),
 *   "POST /orders": { status: 201, json: { id: "42" } },
 * });
 * orders.fail("GET /orders/:id", { fault: "reset", on: "reused" });
 * await codeUnderTest(orders.origin);
 * orders.assertSent("POST /orders", { times: 1, json: { item: "tea" } });
 * await orders.close();
 * ```
 */
export async function mockUpstream(
  routes: Readonly<Record<string, MockReplies>> = {},
  options: MockUpstreamOptions = {},
): Promise<MockUpstream> {
  checkKeys(options, "options", ["port", "host", "seed", "idleTimeoutMs", "keepAliveHint"]);
  const names = Object.keys(routes);
  let table = names.map(
    (name) => new MockRoute(name, routes[name]!, `routes[${JSON.stringify(name)}]`),
  );
  checkReached(
    table.map(({ pattern }) => pattern),
    names,
    "routes",
  );

  const routeOf = ({ method, path }: ReceivedRequest): MockRoute | undefined =>
    table.find((route) => route.matches(method, path));
  const shown = (request: ReceivedRequest): SentRequest =>
    sentRequest(request, routeOf(request)?.params(request.path) ?? {});

  async function respond(request: ReceivedRequest): Promise<UpstreamResponse> {
    const route = routeOf(request);
    if (route === undefined) return noRoute(request, table);
    const reply: MockReply = route.reply();
    const response = typeof reply === "function" ? await reply(shown(request)) : reply;
    return toUpstreamResponse(response, `routes[${JSON.stringify(route.name)}]`);
  }

  const server = await faultyUpstream({ ...options, keepBodyBytes, respond });
  const close = (): Promise<void> => server.close();
  const sent = (name?: string): SentRequest[] => {
    const only = name === undefined ? null : new MockRoute(name, {}, "route");
    const matching = server.requests.filter(
      ({ method, path }) => only === null || only.matches(method, path),
    );
    return matching.map(shown);
  };
  return {
    origin: server.origin,
    host: new URL(server.origin).host,
    server,
    respond(name, replies) {
      table = [
        new MockRoute(name, replies, "route"),
        ...table.filter((route) => route.name !== name),
      ];
    },
    fail(name, fault) {
      const route = new MockRoute(name, {}, "route");
      const match = ({ method, path }: ReceivedRequest): boolean => route.matches(method, path);
      server.addFault({ times: 1, ...fault, match });
    },
    sent,
    assertSent: (name, expected = {}) => checkSent(sent(name), name, expected),
    unmatched: () => server.requests.filter((request) => !routeOf(request)).map(shown),
    clear() {
      server.clear();
      server.setFaults([]);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** 501 is not among the statuses that are retried: the mistake shows at once. */
function noRoute({ method, path }: ReceivedRequest, table: readonly MockRoute[]): UpstreamResponse {
  const names = table.map(({ name }) => `\n  ${name}`).join("");
  return {
    status: 501,
    headers: { "content-type": "text/plain" },
    body: `mockUpstream has no route for ${method} ${path}; it has${names === "" ? " none" : names}\n`,
  };
}
