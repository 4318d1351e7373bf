import { gzipSync } from "node:zlib";

import { interceptors, request, type Dispatcher } from "undici";
import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";

test.each<readonly [string, () => Dispatcher.DispatcherComposeInterceptor]>([
  ["retry", () => interceptors.retry({ maxRetries: 1 })],
  ["redirect", () => interceptors.redirect({ maxRedirections: 3 })],
  ["dump", () => interceptors.dump()],
  ["responseError", () => interceptors.responseError()],
  ["dns", () => interceptors.dns()],
  ["cache", () => interceptors.cache()],
  ["decompress", () => interceptors.decompress()],
  ["deduplicate", () => interceptors.deduplicate()],
])(
  "%s over the dispatcher leaves resends of stale sockets and the drain intact",
  async (name, interceptor) => {
    const server = await opened();
    const agent = outbound().dispatcher;
    const dispatcher = agent.compose(interceptor());
    server.script([null, { fault: "reset" }]);
    for (const path of ["/a", "/b"]) {
      const { statusCode, body } = await request(server.origin + path, { dispatcher });
      expect([statusCode, await body.text()]).toEqual([200, name === "dump" ? "" : "ok"]);
    }
    expect(server.requests.map(({ nth }) => nth)).toEqual([1, 2, 1]);
    await agent.close();
    await server.until(({ open }) => open === 0);
  },
);

test("the retry interceptor begins a new call with its own attempts", async () => {
  const server = await opened();
  const agent = outbound({ retry: { maxAttempts: 1 } }).dispatcher;
  const dispatcher = agent.compose(interceptors.retry({ minTimeout: 1, maxTimeout: 2 }));
  server.script([
    { fault: "status", status: 503 },
    { fault: "status", status: 503 },
  ]);
  const { statusCode, body } = await request(server.origin, { dispatcher });
  expect([statusCode, await body.text()]).toEqual([200, "ok"]);
  expect(server.received).toBe(3);
  await agent.close();
});

test("the redirect interceptor follows redirects", async () => {
  const server = await opened({
    respond: ({ path }) => (path === "/" ? { status: 302, headers: { location: "/b" } } : {}),
  });
  const agent = outbound().dispatcher;
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: 1 }));
  const { statusCode, body } = await request(server.origin, { dispatcher });
  expect([statusCode, await body.text()]).toEqual([200, "ok"]);
  expect(server.requests.map(({ path }) => path)).toEqual(["/", "/b"]);
});

test("the decompress interceptor decompresses responses", async () => {
  const server = await opened({
    respond: { headers: { "content-encoding": "gzip" }, body: gzipSync("a".repeat(1000)) },
  });
  const agent = outbound().dispatcher;
  const dispatcher = agent.compose(interceptors.decompress());
  const { body } = await request(server.origin, { dispatcher });
  expect(await body.text()).toBe("a".repeat(1000));
});
