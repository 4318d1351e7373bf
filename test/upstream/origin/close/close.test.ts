import { setImmediate, setTimeout } from "node:timers/promises";
import { manualClock } from "@reissue/testing";
import type { Upstream } from "@reissue/upstream";
import { describe, expect, test, vi } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { client } from "../../../support/upstream/client.ts";
import { onHead, rawServer } from "../../../support/upstream/servers/raw-server.ts";

const closed = { code: "ERR_REISSUE_CLOSED" };

/** Closes, and tells whether that is over. */
function closing(upstream: Upstream): { readonly over: Promise<void>; done: boolean } {
  const state = { done: false, over: Promise.resolve() };
  state.over = upstream.close().then(() => void (state.done = true));
  return state;
}

async function refused(upstream: Upstream, origin: string): Promise<void> {
  await expect(upstream(origin)).rejects.toMatchObject(closed);
  await expect(upstream.request(origin)).rejects.toMatchObject(closed);
  await expect(upstream.bind({}).request(origin)).rejects.toMatchObject(closed);
  await expect(
    upstream.dispatcher.request({ origin, path: "/", method: "GET" }),
  ).rejects.toMatchObject(closed);
}

describe("close()", () => {
  test("waits for a request without a response yet, and refuses new ones in the meantime", async () => {
    const server = await opened({ respond: { delayMs: 50 } });
    const upstream = client();
    const answer = upstream.request(server.origin);
    await server.until(({ heads }) => heads === 1);
    const close = closing(upstream);
    await refused(upstream, server.origin);
    expect(close.done).toBe(false);
    expect(await (await answer).body.text()).toBe("ok");
    await close.over;
    await server.until(({ open }) => open === 0);
    expect(server.connections).toBe(1);
  });

  test("waits for a request in back-off, which is resent", async () => {
    const clock = manualClock();
    const server = await opened({ faults: [{ fault: "status", retryAfter: 3, times: 1 }] });
    const upstream = client({ clock });
    const answer = upstream.request(server.origin);
    await vi.waitFor(() => expect(clock.nextMs).toBe(3000), { interval: 2 });
    const close = closing(upstream);
    await setImmediate();
    expect(close.done).toBe(false);
    await clock.advance(3000);
    const { statusCode, body } = await answer;
    expect([statusCode, await body.text()]).toEqual([200, "ok"]);
    await close.over;
    expect(clock.pending).toBe(0);
    await server.until(({ open }) => open === 0);
  });

  test("waits for a request in the queue for a connection", async () => {
    const server = await opened({ respond: { delayMs: 5 } });
    const upstream = client({ connections: 1 });
    const answers = Array.from({ length: 5 }, () => upstream.request(server.origin));
    const close = closing(upstream);
    for (const answer of answers) expect(await (await answer).body.text()).toBe("ok");
    await close.over;
    expect(server.connections).toBe(1);
    await server.until(({ open }) => open === 0);
  });

  test("waits for a request that meets a dead socket and is resent on a fresh one", async () => {
    const server = await opened();
    const upstream = client();
    await (await upstream(server.origin)).text();
    server.script([{ fault: "reset", delayMs: 20 }]);
    const answer = upstream.request(server.origin);
    await server.until(({ heads }) => heads === 2);
    const close = closing(upstream);
    expect((await answer).statusCode).toBe(200);
    await (await answer).body.text();
    await close.over;
    await server.until(({ open }) => open === 0);
  });

  test("waits for a request whose response is being read", async () => {
    const body = "x".repeat(5_000_000);
    const server = await opened({ respond: { body } });
    const upstream = client();
    const response = await upstream(server.origin);
    const close = closing(upstream);
    // real time: shows that the close waits for the response
    await setTimeout(20);
    expect(close.done).toBe(false);
    expect((await response.text()) === body).toBe(true);
    await close.over;
    await server.until(({ open }) => open === 0);
  });
});

test("close() has the same result twice at once, later, and after destroy()", async () => {
  const server = await opened({ respond: { delayMs: 20 } });
  const upstream = client();
  const answer = upstream.request(server.origin);
  await Promise.all([upstream.close(), upstream.close(), answer.then(({ body }) => body.text())]);
  await upstream.close();
  await new Promise<void>((resolve) => upstream.dispatcher.close(resolve));
  await upstream.dispatcher.destroy();
  await upstream.close();
  await refused(upstream, server.origin);
  await server.until(({ open }) => open === 0);
  await client().close();
});

describe("close() with a request in back-off", () => {
  async function waitsFor(
    prepare: (upstream: Upstream, origin: string) => Promise<unknown>,
  ): Promise<void> {
    const clock = manualClock();
    const server = await opened();
    const upstream = client({ clock });
    await prepare(upstream, server.origin);
    server.script([{ fault: "status", retryAfter: 3 }]);
    const answer = upstream.request(server.origin);
    answer.catch(() => {});
    await vi.waitFor(() => expect(clock.nextMs).toBe(3000), { interval: 2 });
    const close = closing(upstream);
    // real time: shows that the close waits for the resend
    await setTimeout(10);
    expect(close.done).toBe(false);
    await clock.advance(3000);
    await (await answer).body.text();
    await close.over;
    await server.until(({ open }) => open === 0);
  }

  test("waits for it after another call was aborted in its body factory", async () => {
    await waitsFor(async (upstream, origin) => {
      const controller = new AbortController();
      const body = (): string => (controller.abort(), "a");
      const options = { method: "PUT", body, signal: controller.signal } as const;
      await expect(upstream.request(origin, options)).rejects.toThrow("abort");
      // real time: the connection of the aborted call is released in a later turn
      await setTimeout(20);
    });
  });

  test.each([
    ["short", 2],
    ["long", 100_000],
  ])("waits for it after a caller threw at the end of a %s response", async (_kind, length) => {
    await waitsFor(async (upstream, origin) => {
      const errors: unknown[] = [];
      await new Promise<void>((resolve) => {
        upstream.dispatcher.dispatch(
          { origin, path: `/${length}`, method: "GET" },
          {
            onRequestStart: () => {},
            onResponseEnd: () => {
              resolve();
              throw new Error("a bug of the caller's");
            },
            onResponseError: (_controller, error) => void errors.push(error),
          },
        );
      });
      // real time: an error thrown beside the call would come in a later turn
      await setTimeout(20);
      expect(errors).toMatchObject([{ message: "a bug of the caller's" }]);
    });
  });
});

test("close() opens no connection for the rest of a discarded response", async () => {
  const busy = "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nnever";
  const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  const server = await rawServer((socket, number) => {
    onHead(socket, () => socket.write(number === 1 ? busy : ok));
  });
  const upstream = client({ retry: { backOff: { baseMs: 0 } } });
  expect(await (await upstream(server.origin)).text()).toBe("ok");
  await upstream.close();
  await server.until(({ open }) => open.size === 0);
  // Undici would connect in the very turn in which it hears that the socket is gone.
  // real time: shows that undici does not connect again
  await setTimeout(50);
  expect(server.connections).toBe(2);
});
