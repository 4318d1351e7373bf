import { getGlobalDispatcher, fetch as npmFetch, setGlobalDispatcher } from "undici";
import { manualClock } from "@reissue/testing";
import { afterEach, describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { eventLog } from "../../support/upstream/event-log.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";

/** Both of them: the one that comes with Node speaks another version of undici's handler interface. */
const fetches: readonly (readonly [name: string, fetch: typeof globalThis.fetch])[] = [
  ["Node's own fetch", globalThis.fetch],
  ["undici's fetch", npmFetch as unknown as typeof globalThis.fetch],
];

const before = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(before));

function withDispatcher(dispatcher: unknown, init: RequestInit = {}): RequestInit {
  return { ...init, dispatcher } as RequestInit;
}

describe.each(fetches)("fetch from %s", (_, fetch) => {
  test("resends a request that was lost on a stale socket", async () => {
    const server = await opened();
    const { dispatcher } = outbound({ clock: manualClock() });
    const log = eventLog();
    server.script([null, { fault: "reset" }]);
    for (let index = 0; index < 2; index += 1) {
      const response = await fetch(server.origin, withDispatcher(dispatcher));
      expect([response.status, await response.text()]).toEqual([200, "ok"]);
    }
    expect(server.requests.map(({ nth }) => nth)).toEqual([1, 2, 1]);
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["stale-socket"]);
  });

  test("resends a body that it has made a stream of", async () => {
    const server = await opened();
    const { dispatcher } = outbound();
    server.script([null, { fault: "reset", at: "body-end" }]);
    for (let index = 0; index < 2; index += 1) {
      const init = { method: "PUT", body: `body ${index}` };
      await (await fetch(server.origin, withDispatcher(dispatcher, init))).text();
    }
    const bodies = server.requests.map(({ body }) => body?.toString());
    expect(bodies).toEqual(["body 0", "body 1", "body 1"]);
  });

  test("does not resend a plain POST, and the error says why", async () => {
    const server = await opened();
    const clock = manualClock();
    const { dispatcher } = outbound({ clock });
    server.script([null, { fault: "reset", when: "after-processing" }]);
    const post = (): Promise<Response> =>
      fetch(server.origin, withDispatcher(dispatcher, { method: "POST", body: "abc" }));
    await (await post()).text();
    // A connection that came back within the last millisecond is spared for what cannot be resent.
    await clock.advance(5);
    const error = await post().catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      name: "TypeError",
      cause: { code: "ERR_REISSUE_UPSTREAM_STALE", reason: "not-retry-safe" },
    });
    expect(server.received).toBe(2);
  });

  test("uses it as the global dispatcher", async () => {
    const server = await opened();
    setGlobalDispatcher(outbound().dispatcher);
    server.script([null, { fault: "reset" }]);
    await (await fetch(server.origin)).text();
    expect(await (await fetch(server.origin)).text()).toBe("ok");
    expect(server.requests.map(({ nth }) => nth)).toEqual([1, 2, 1]);
  });

  test("is aborted by its signal, before and after the headers", async () => {
    const server = await opened({
      faults: [{ fault: "slow", from: "body", everyMs: 50, chunkBytes: 1 }],
    });
    const { dispatcher } = outbound({ holdBytes: 0 });
    const early = new AbortController();
    const never = fetch(server.origin, withDispatcher(dispatcher, { signal: early.signal }));
    early.abort();
    await expect(never).rejects.toThrow("abort");
    const late = new AbortController();
    const cut = await fetch(server.origin, withDispatcher(dispatcher, { signal: late.signal }));
    late.abort();
    await expect(cut.text()).rejects.toThrow("abort");
    await dispatcher.close();
    await server.until(({ open }) => open === 0);
  });

  test("follows redirects, with the body if the status says so", async () => {
    const server = await opened({
      respond: ({ path }) =>
        path === "/done"
          ? { body: "done" }
          : { status: Number(path.slice(1)), headers: { location: "/done" } },
    });
    const { dispatcher } = outbound();
    for (const [path, method] of [
      ["/303", "GET"],
      ["/307", "POST"],
      ["/308", "POST"],
      ["/301", "GET"],
    ] as const) {
      server.clear();
      const init = withDispatcher(dispatcher, { method: "POST", body: "abc" });
      expect(await (await fetch(server.origin + path, init)).text()).toBe("done");
      const last = server.requests.at(-1);
      expect([last?.method, last?.body?.toString()]).toEqual([
        method,
        method === "GET" ? "" : "abc",
      ]);
    }
  });

  test.each([
    ["HEAD", 200, {}],
    ["GET", 204, {}],
    ["GET", 304, { etag: '"1"' }],
    ["OPTIONS", 200, { allow: "GET" }],
  ])("gets a %s whose status is %i", async (method, status, headers) => {
    const server = await opened({ respond: { status, headers } });
    const { dispatcher } = outbound();
    const response = await fetch(server.origin, withDispatcher(dispatcher, { method }));
    expect([response.status, await response.text()]).toEqual([
      status,
      method === "OPTIONS" ? "ok" : "",
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
  });
});
