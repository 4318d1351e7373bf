import { setTimeout } from "node:timers/promises";
import { isReissueError } from "@reissue/core";
import { manualClock } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client, impatient } from "../../support/upstream/client.ts";
import { rawServer } from "../../support/upstream/servers/raw-server.ts";

/** What the caller did wrong, and what undici says of it. */
const mistakes: readonly [string, object, RegExp][] = [
  ["a header that is none", { headers: { "bad header": "x" } }, /invalid header/i],
  ["a header value with a line break", { headers: { "x-a": "a\r\nb" } }, /invalid x-a header/i],
  ["a method that is none", { method: "G ET" }, /invalid request method/i],
  ["a body that is none", { method: "PUT", body: 42 }, /body must be/i],
  ["a factory of a body that is none", { method: "PUT", body: () => 42 }, /body must be/i],
  [
    "a length that the body has not",
    { method: "PUT", body: "abc", headers: { "content-length": "9" } },
    /content-length/i,
  ],
  [
    "a stream shorter than its length",
    { method: "PUT", body: ["abc"], headers: { "content-length": "9" } },
    /content-length/i,
  ],
];

describe("a mistake of the caller", () => {
  test.each(mistakes)(
    "rejects with undici's own error, and ends nothing else: %s",
    async (_what, options, message) => {
      const server = await opened();
      const upstream = impatient();
      for (const fresh of [true, false]) {
        if (!fresh) await (await upstream(server.origin)).text();
        const error: unknown = await upstream
          .request(server.origin, options)
          .catch((thrown: unknown) => thrown);
        expect(isReissueError(error)).toBe(false);
        expect((error as Error).message).toMatch(message);
      }
      expect(server.requests.filter(({ method }) => method !== "GET" && method !== "PUT")).toEqual(
        [],
      );
      expect(server.requests.filter(({ whole, method }) => whole && method === "PUT")).toEqual([]);
      expect((await upstream(server.origin)).status).toBe(200);
      expect(server.requests.filter(({ method }) => method === "GET")).toHaveLength(2);
      await upstream.close();
    },
  );
});

test.each(["/relative", "orders:3000", "ftp://127.0.0.1/", "http://"])(
  "%s is no URL to call",
  async (url) => {
    const clock = manualClock();
    const upstream = client({ clock });
    await expect(upstream.request(url)).rejects.toThrow();
    await expect(upstream(url)).rejects.toThrow();
    // A timer that was left would throw where nobody catches it.
    expect(clock.pending).toBe(0);
    // real time: a limit for a close that never ends
    expect(await Promise.race([upstream.close(), setTimeout(300, "still waiting")])).toBe(
      undefined,
    );
  },
);

test("wrong options of a call are named with their path, and nothing is sent", async () => {
  const server = await opened();
  const upstream = client();
  const retry = { retryOn: ["always"] } as never;
  const wrong = { code: "ERR_REISSUE_OPTION", path: "retry.retryOn[0]" };
  await expect(upstream.request(server.origin, { retry })).rejects.toMatchObject(wrong);
  await expect(upstream(server.origin, { retry })).rejects.toMatchObject(wrong);
  expect(server.connections).toBe(0);
  await upstream.close();
});

test.each(["onInfo", "onResponseStart", "onResponseData"])(
  "an error that %s throws belongs to the caller and leads to no resend, though it looks like a reset",
  async (where) => {
    const hints = "HTTP/1.1 103 Early Hints\r\n\r\n";
    const ok = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    const server = await rawServer((socket) =>
      socket.once("data", () => socket.write(where === "onInfo" ? hints : hints + ok)),
    );
    const own = Object.assign(new Error("read ECONNRESET"), {
      code: "ECONNRESET",
      syscall: "read",
    });
    const upstream = impatient();
    const error = await new Promise<unknown>((resolve) => {
      const fail = (name: string): void => {
        if (name === where) throw own;
      };
      upstream.dispatcher.dispatch(
        { origin: server.origin, path: "/", method: "GET" },
        {
          onRequestStart: () => {},
          onResponseStart: (_controller, status) =>
            fail(status === 103 ? "onInfo" : "onResponseStart"),
          onResponseData: () => fail("onResponseData"),
          onResponseError: (_controller, told) => resolve(told),
        },
      );
    });
    expect(error).toBe(own);
    await server.until(({ open }) => open.size === 0);
    expect(server.connections).toBe(1);
  },
);
