import { headerValue } from "@reissue/testing";
import type { Dispatcher } from "undici";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { impatient } from "../../support/upstream/client.ts";

type Options = Dispatcher.DispatchOptions;

/** Sends two requests over one connection by options that are changed as soon as each is dispatched. */
async function sent(
  given: (origin: string) => Options,
  change: (options: any) => void,
): Promise<string[]> {
  const server = await opened({ faults: [{ fault: "reset", times: 1 }] });
  const { dispatcher } = impatient({ connections: 1 });
  const options = given(server.origin);
  const ended = [0, 1].map(
    () =>
      new Promise<void>((resolve, reject) => {
        const handler = {
          onRequestStart() {},
          onResponseEnd: () => resolve(),
          onResponseError: (_: unknown, error: Error) => reject(error),
        };
        dispatcher.dispatch(options, handler);
        change(options);
      }),
  );
  await Promise.all(ended);
  return server.requests
    .map(({ method, path, headers }) => `${method} ${path} ${headerValue(headers, "x-user") ?? ""}`)
    .toSorted();
}

const base = (origin: string): Options => ({ origin, path: "/a", method: "GET" });

test.each<[string, (origin: string) => Options, (options: any) => void, string, string]>([
  [
    "path and method",
    base,
    (o) => Object.assign(o, { path: "/b", method: "PUT" }),
    "GET /a ",
    "PUT /b ",
  ],
  [
    "an object of headers",
    (origin) => ({ ...base(origin), headers: { "x-user": "a" } }),
    ({ headers }) => void (headers["x-user"] = "b"),
    "GET /a a",
    "GET /a b",
  ],
  [
    "a list of headers",
    (origin) => ({ ...base(origin), headers: ["x-user", "a"] }),
    ({ headers }) => void (headers[1] = "b"),
    "GET /a a",
    "GET /a b",
  ],
  [
    "the values of a header",
    (origin) => ({ ...base(origin), headers: { "x-user": ["a"] } }),
    ({ headers }) => void (headers["x-user"][0] = "b"),
    "GET /a a",
    "GET /a b",
  ],
  [
    "pairs of headers",
    (origin) => ({ ...base(origin), headers: new Map([["x-user", "a"]]) as never }),
    ({ headers }) => void headers.set("x-user", "b"),
    "GET /a a",
    "GET /a b",
  ],
  [
    "the query",
    (origin) => ({ ...base(origin), query: { user: "a" } }),
    ({ query }) => void (query.user = "b"),
    "GET /a?user=a ",
    "GET /a?user=b ",
  ],
])(
  "%s that are changed after dispatch() count for the next request only",
  async (_, given, change, first, second) => {
    // The first attempt of the first request is lost, and the second request waits for the connection.
    expect(await sent(given, change)).toEqual([first, first, second]);
  },
);
