import { setImmediate, setTimeout } from "node:timers/promises";
import { manualClock } from "@reissue/testing";
import { describe, expect, test, vi } from "vitest";

import { opened } from "../../../testing/opened.ts";
import { moments } from "../../../support/upstream/abort-moment.ts";
import { client } from "../../../support/upstream/client.ts";

const closed = { code: "ERR_REISSUE_CLOSED" };

/** What a promise settles with, or that it has not within half a second. */
function settled(promise: Promise<unknown>): Promise<unknown> {
  // real time: a limit for a promise that never settles
  return Promise.race([promise.catch((error: unknown) => error), setTimeout(500, "still waiting")]);
}

describe("destroy()", () => {
  test.each(moments)("ends a call at once in this moment: $name", async (moment) => {
    const clock = manualClock();
    const upstream = client({ clock, connections: 1 });
    const scene = await moment.stage(clock, upstream);
    let got = false;
    const call = upstream.request(scene.origin).then(({ body }) => {
      got = true;
      return body.text();
    });
    call.catch(() => {});
    await scene.reached();
    if (moment.answered) await vi.waitFor(() => expect(got).toBe(true), { interval: 2 });
    await setImmediate();
    await upstream.dispatcher.destroy();
    const error = await settled(call);
    // A cut answer is what its reader sees; the reason stands behind it.
    if (moment.answered)
      expect([error, (error as Error).cause]).toContainEqual(expect.objectContaining(closed));
    else expect(error).toMatchObject(closed);
    await vi.waitFor(() => expect(scene.open()).toBe(0), { interval: 5 });
    expect(clock.pending).toBe(0);
    expect(await settled(upstream.close())).toBe(undefined);
    await expect(upstream.request(scene.origin)).rejects.toMatchObject(closed);
  });
});

test("destroy() fails all calls in flight with its own error", async () => {
  const server = await opened({ faults: [{ fault: "hang" }] });
  const upstream = client({ connections: 2 });
  const calls = Array.from({ length: 4 }, () => settled(upstream.request(server.origin)));
  await server.until(({ heads }) => heads === 2);
  const reason = new Error("shutting down");
  await upstream.dispatcher.destroy(reason);
  for (const call of calls) expect(await call).toBe(reason);
  await server.until(({ open }) => open === 0);
});

test("nothing is resent after destroy(), whatever its error looks like", async () => {
  const server = await opened({ faults: [{ fault: "hang" }] });
  const upstream = client({ retry: { attemptTimeoutMs: 500 } });
  const call = upstream.request(server.origin);
  await server.until(({ heads }) => heads === 1);
  const reason = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  await Promise.all([expect(call).rejects.toBe(reason), upstream.dispatcher.destroy(reason)]);
  await server.until(({ open }) => open === 0);
  expect(server.connections).toBe(1);
});

test("destroy() ends a held response that its caller has paused, and close() does not wait for it", async () => {
  const server = await opened();
  const upstream = client();
  const heard: unknown[] = [];
  await new Promise<void>((resolve) => {
    upstream.dispatcher.dispatch(
      { origin: server.origin, path: "/", method: "GET" },
      {
        onRequestStart: () => {},
        onResponseStart: (controller) => {
          controller.pause();
          resolve();
        },
        onResponseError: (_controller, error) => void heard.push(error),
      },
    );
  });
  await upstream.dispatcher.destroy();
  expect(heard).toMatchObject([closed]);
  expect(await settled(upstream.close())).toBe(undefined);
});

test("a call that destroys the client in its own body factory sends nothing", async () => {
  const server = await opened();
  const upstream = client();
  const body = (): string => {
    void upstream.dispatcher.destroy();
    return "a";
  };
  const call = upstream.request(server.origin, { method: "PUT", body });
  await expect(call).rejects.toMatchObject(closed);
  expect(server.connections).toBe(0);
});

test("a call whose handler destroys the client when it begins sends nothing", async () => {
  const server = await opened();
  const { dispatcher } = client();
  const error = await new Promise<unknown>((resolve) => {
    dispatcher.dispatch(
      { origin: server.origin, path: "/", method: "GET" },
      {
        onRequestStart: () => void dispatcher.destroy(),
        onResponseStart: () => resolve("an answer"),
        onResponseError: (_controller, reason) => resolve(reason),
      },
    );
  });
  expect(error).toMatchObject(closed);
  expect(server.connections).toBe(0);
});
