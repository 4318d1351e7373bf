import { expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { got } from "../../support/upstream/requests.ts";
import { Heard } from "../../support/upstream/handler-log.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

/** What is refused before anything is sent, and in whose words. */
const refused: readonly (readonly [name: string, options: object, message: RegExp])[] = [
  ["a header with a line break", { headers: { a: "b\nc" } }, /invalid a header/],
  ["a path with a space", { path: "/a b" }, /invalid request path/],
  ["no method", { method: undefined }, /method must be a string/],
  ["no path", { path: undefined }, /path must be a string/],
  ["no origin", { origin: undefined }, /Invalid URL/],
  ["a wrong body", { method: "POST", body: 5 }, /body must be/],
  ["a wrong retry option", { retry: { maxAttempts: 0 } }, /retry.maxAttempts must be/],
  ["a protocol that is not HTTP", { origin: "ftp://127.0.0.1" }, /protocol/],
  [
    "a body factory that throws",
    {
      body: () => {
        throw new Error("no body");
      },
    },
    /no body/,
  ],
];

test.each(refused)(
  "the handler gets one error, and close() still ends: %s",
  async (_, options, message) => {
    const server = await opened();
    const upstream = outbound({ connections: 1 });
    const heard = new Heard();
    const request = { origin: server.origin, path: "/", method: "GET", ...options };
    try {
      upstream.dispatcher.dispatch(request, heard.newer);
    } catch (error) {
      heard.names.push((error as Error).message);
    }
    // real time: shows that nothing is delivered a second time
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard.names.filter((name) => name !== "start")).toEqual([
      expect.stringMatching(message),
    ]);
    expect(await got(upstream, server.origin)).toBe("ok");
    expect(server.stats().heads).toBe(1);
    await upstream.close();
  },
  3000,
);

test("a request that undici refuses late, on a pooled socket, leaves the socket to the next one", async () => {
  const server = await opened();
  const upstream = outbound();
  await got(upstream, server.origin);
  const headers = { "content-length": "9" };
  const wrong = upstream.request(server.origin, { method: "POST", headers, body: "abc" });
  await expect(wrong).rejects.toThrow("Request body length does not match content-length header");
  await got(upstream, server.origin);
  expect(server.requests.map(({ nth }) => nth)).toEqual([1, 2]);
});

test("an upgrade for a handler that cannot take one is refused, as undici does", async () => {
  const server = await rawServer((socket) => {
    onHead(socket, () => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
    });
  });
  const agent = outbound().dispatcher;
  const heard = new Heard();
  const { onRequestUpgrade: _, ...handler } = heard.newer;
  agent.dispatch({ origin: server.origin, path: "/", method: "GET", upgrade: "x" }, handler);
  // real time: the refusal comes by one of several events
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard.names).toContainEqual(expect.stringMatching(/upgrade/i));
  expect(server.open.size).toBe(0);
});
