import { headerValue, type FaultyUpstream, type UpstreamResponse } from "@reissue/testing";
import type { BoundUpstream, Upstream } from "@reissue/upstream";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { impatient } from "../../support/upstream/client.ts";

function keysOf({ requests }: FaultyUpstream): (string | null)[] {
  return requests.map(({ headers }) => headerValue(headers, "idempotency-key"));
}

type Call = (upstream: BoundUpstream, url: string) => Promise<Response>;

const calls: readonly (readonly [string, Call])[] = [
  ["made directly", (upstream, url) => upstream(url, { method: "POST", body: "a" })],
  [
    "made through the platform's fetch",
    (upstream, url) => upstream(url, { method: "POST", body: "a", cache: "no-store" } as object),
  ],
  ["of a Request", (upstream, url) => upstream(new Request(url, { method: "POST", body: "a" }))],
];

const clients: readonly (readonly [
  string,
  "derive" | "forward",
  (client: Upstream) => BoundUpstream,
])[] = [
  ["derive, without an inbound request", "derive", (client) => client],
  ["forward, without an inbound request", "forward", (client) => client],
  ["forward, for a request without a key", "forward", (client) => client.bind({})],
];

const to = (location: string): UpstreamResponse => ({ status: 307, headers: { location } });

describe.each(clients)("the random key of one call, %s", (_, idempotencyKey, bound) => {
  const client = (...servers: FaultyUpstream[]): BoundUpstream => {
    const origins = servers.map(({ origin }) => [origin, { idempotencyKey }] as const);
    return bound(impatient({ origins: Object.fromEntries(origins) }));
  };

  test.each(calls)("stays the same after a 307: %s", async (_name, call) => {
    const server = await opened({ respond: ({ path }) => (path === "/" ? to("/new") : {}) });
    const upstream = client(server);
    await (await call(upstream, server.origin)).text();
    await (await call(upstream, server.origin)).text();
    const [first, hop, second, another] = keysOf(server);
    expect(first).toMatch(/^"[0-9a-f-]{36}"$/);
    expect([hop, another]).toEqual([first, second]);
    expect(second).not.toBe(first);
  });

  test.each(calls)("stays the same after a 421: %s", async (_name, call) => {
    let requests = 0;
    const server = await opened({ respond: () => ((requests += 1) === 1 ? { status: 421 } : {}) });
    const response = await call(client(server), server.origin);
    expect(response.status).toBe(200);
    const [first, again] = keysOf(server);
    expect(first).toMatch(/^"[0-9a-f-]{36}"$/);
    expect(again).toBe(first);
  });

  test.each(calls)(
    "differs at another origin, and is the first one again on the way back: %s",
    async (_name, call) => {
      const server = await opened({
        respond: ({ path }) => (path === "/" ? to(`${other.origin}/there`) : {}),
      });
      const other = await opened({ respond: to(`${server.origin}/back`) });
      await (await call(client(server, other), server.origin)).text();
      const [first, back] = keysOf(server);
      expect(back).toBe(first);
      const [there] = keysOf(other);
      expect(there).toMatch(/^"[0-9a-f-]{36}"$/);
      expect(there).not.toBe(first);
    },
  );
});

test("two calls at the same time never share a key", async () => {
  const server = await opened();
  const upstream = impatient({ origins: { [server.origin]: { idempotencyKey: "derive" } } });
  await Promise.all(
    [0, 1, 2].flatMap(() => [
      ...calls.map(([, call]) => call(upstream, server.origin).then((response) => response.text())),
      upstream.request(server.origin, { method: "POST" }).then(({ body }) => body.text()),
    ]),
  );
  expect(new Set(keysOf(server)).size).toBe(12);
});
