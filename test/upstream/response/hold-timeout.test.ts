import { manualClock, type ManualClock } from "@reissue/testing";
import type { UpstreamOptions, UpstreamRequestOptions } from "@reissue/upstream";
import type { Dispatcher } from "undici";
import { describe, expect, test, vi } from "vitest";

import { client } from "../../support/upstream/client.ts";
import { dripServer, type DripServer } from "../../support/upstream/servers/drip-server.ts";
import { eventLog } from "../../support/upstream/event-log.ts";

interface Held {
  readonly clock: ManualClock;
  readonly server: DripServer;
  readonly sent: Promise<Dispatcher.ResponseData>;
}

/** A call whose response of ten bytes is held, five of which have come, and whose attempt may take 200 ms. */
async function held(
  options: UpstreamOptions = {},
  call: UpstreamRequestOptions = {},
): Promise<Held> {
  const clock = manualClock();
  const server = await dripServer();
  const retry = { attemptTimeoutMs: 200, backOff: { baseMs: 0 }, ...options.retry };
  const upstream = client({ clock, ...options, retry });
  const sent = upstream.request(server.origin, call);
  sent.catch(() => {});
  await server.server.until(() => server.heads === 1);
  await dripped(clock, server);
  return { clock, server, sent };
}

async function dripped(clock: ManualClock, server: DripServer): Promise<void> {
  server.head(10);
  server.drip(5);
  await settled();
  expect(clock.pending).toBe(1);
}

/** What has been written has come, as far as loopback goes. */
async function settled(): Promise<void> {
  // real time: no event announces what has arrived over loopback
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  return (await Promise.race([promise, new Promise((go) => setImmediate(go, "open"))])) === "open";
}

describe("a response that drips while it is held", () => {
  test("is given once its timeout is over, and the rest as it comes", async () => {
    const { clock, server, sent } = await held();
    await clock.advance(199);
    expect(await isOpen(sent)).toBe(true);
    await clock.advance(1);
    const { statusCode, body } = await sent;
    expect(statusCode).toBe(200);
    const parts = body[Symbol.asyncIterator]();
    expect((await parts.next()).value.toString()).toBe(".....");
    for (let at = 0; at < 5; at += 1) {
      await clock.advance(10_000);
      server.drip(1);
      expect((await parts.next()).value.toString()).toBe(".");
    }
    expect(await parts.next()).toMatchObject({ done: true });
    expect(clock.pending).toBe(0);
    expect(server.heads).toBe(1);
  });

  test.each([
    ["its latest chunk", 0, 300],
    ["its latest chunk, which came late", 150, 300],
    ["its latest chunk, with a timeout little longer than the hold", 0, 210],
  ])(
    "is bounded by bodyTimeoutMs if it then falls silent, from %s",
    async (_, at, bodyTimeoutMs) => {
      const { clock, server, sent } = await held({ bodyTimeoutMs });
      await clock.advance(at);
      server.drip(1);
      await settled();
      await clock.advance(200 - at);
      const { body } = await sent;
      const text = body.text();
      text.catch(() => {});
      await settled();
      await clock.advance(at + bodyTimeoutMs - 200 - 1);
      expect(await isOpen(text)).toBe(true);
      await clock.advance(1);
      await expect(text).rejects.toThrow("fell silent");
      expect(clock.pending).toBe(0);
    },
  );

  test("is held from its headers on, though they came late", async () => {
    const clock = manualClock();
    const server = await dripServer();
    const sent = client({ clock, retry: { attemptTimeoutMs: 200 } }).request(server.origin);
    await server.server.until(() => server.heads === 1);
    await clock.advance(199);
    await dripped(clock, server);
    await clock.advance(199);
    expect(await isOpen(sent)).toBe(true);
    server.drip(5);
    expect(await (await sent).body.text()).toBe("..........");
  });

  test("is resent if `timeout` is listed, and given at the last attempt", async () => {
    const log = eventLog();
    const { clock, server, sent } = await held({ retry: { retryOn: ["timeout"], maxAttempts: 3 } });
    for (let attempt = 2; attempt <= 3; attempt += 1) {
      await clock.advance(200);
      await server.server.until(() => server.heads === attempt);
      // The one before is read for a while, for nobody.
      await clock.advance(100);
      await dripped(clock, server);
      expect(await isOpen(sent)).toBe(true);
    }
    await clock.advance(200);
    const { body } = await sent;
    server.drip(5);
    expect(await body.text()).toBe("..........");
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual([
      "timeout",
      "timeout",
      "attempts-exhausted",
    ]);
    expect(log.records.slice(0, 2).map(({ failure }) => failure)).toMatchObject([
      { kind: "timeout", phase: "response-body", delivery: "unknown" },
      { kind: "timeout", phase: "response-body", delivery: "unknown" },
    ]);
    expect(clock.pending).toBe(0);
  });

  test("is given if the body of the request cannot be resent", async () => {
    const { clock, server, sent } = await held(
      { retry: { retryOn: ["timeout"] }, bodies: { maxBytes: 0 } },
      {
        method: "PUT",
        body: (async function* () {
          yield "abc";
        })(),
      },
    );
    await clock.advance(200);
    const { body } = await sent;
    server.drip(5);
    expect(await body.text()).toBe("..........");
  });

  test("is given after the total timeout, which ends at the headers", async () => {
    const { clock, server, sent } = await held({
      retry: { attemptTimeoutMs: 1000, totalTimeoutMs: 300, retryOn: ["timeout"] },
    });
    await clock.advance(300);
    const { body } = await sent;
    server.drip(5);
    expect(await body.text()).toBe("..........");
  });

  test("is ended at the inbound deadline", async () => {
    const clock = manualClock();
    const server = await dripServer();
    const bound = client({ clock }).bind({ deadlineMs: 300 });
    const failed = bound.request(server.origin).catch((error: unknown) => error);
    await server.server.until(() => server.heads === 1);
    await dripped(clock, server);
    await clock.advance(300);
    expect(await failed).toMatchObject({ reason: "deadline-exceeded" });
    expect(clock.pending).toBe(0);
  });

  test("fails as begun if it is cut after it was given", async () => {
    const { clock, server, sent } = await held();
    await clock.advance(200);
    const { body } = await sent;
    for (const socket of server.server.open) socket.resetAndDestroy();
    await expect(body.text()).rejects.toMatchObject({
      code: "ERR_REISSUE_UPSTREAM_RESPONSE_STARTED",
    });
    expect(server.heads).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe("a handler that gets a held response", () => {
  async function heard(
    act: (controller: Dispatcher.DispatchController, name: string) => void,
  ): Promise<{
    readonly names: string[];
    readonly server: DripServer;
    readonly clock: ManualClock;
    readonly agent: Dispatcher;
  }> {
    const clock = manualClock();
    const server = await dripServer();
    const names: string[] = [];
    const agent = client({ clock, retry: { attemptTimeoutMs: 200 } }).dispatcher;
    const hear = (controller: Dispatcher.DispatchController, name: string): void => {
      names.push(name);
      act(controller, name);
    };
    agent.dispatch(
      { origin: server.origin, path: "/", method: "GET" },
      {
        onRequestStart: () => {},
        onResponseStart: (controller, status) => hear(controller, `head ${status}`),
        onResponseData: (controller, chunk) => hear(controller, chunk.toString()),
        onResponseEnd: (controller) => hear(controller, "end"),
        onResponseError: (_controller, error) => void names.push(error.message),
      },
    );
    await server.server.until(() => server.heads === 1);
    await dripped(clock, server);
    await clock.advance(200);
    return { names, server, clock, agent };
  }

  test("gets the chunks in order when it resumes, while the upstream waits", async () => {
    let paused: Dispatcher.DispatchController | null = null;
    const { names, server, clock } = await heard((controller, name) => {
      if (!name.startsWith("head")) return;
      controller.pause();
      paused = controller;
    });
    expect(names).toEqual(["head 200"]);
    expect(clock.pending).toBe(0);
    server.drip(2);
    await settled();
    server.drip(3);
    await settled();
    expect(names).toEqual(["head 200"]);
    paused!.resume();
    await vi.waitFor(() => expect(names.at(-1)).toBe("end"), { interval: 2 });
    expect(names.slice(1, -1).join("")).toBe("..........");
    expect(clock.pending).toBe(0);
  });

  test("gets no more after a later pause until it resumes", async () => {
    let paused: Dispatcher.DispatchController | null = null;
    const { names, server, clock } = await heard((controller, name) => {
      if (name !== "..") return;
      controller.pause();
      paused = controller;
    });
    server.drip(2);
    await vi.waitFor(() => expect(names.at(-1)).toBe(".."), { interval: 2 });
    expect(clock.pending).toBe(0);
    server.drip(3);
    await settled();
    expect(names).toEqual(["head 200", ".....", ".."]);
    paused!.resume();
    await vi.waitFor(() => expect(names.at(-1)).toBe("end"), { interval: 2 });
  });

  test.each(["head 200", ".....", "..", "end"])(
    "gets one error if it throws at %o, and leaves nothing behind",
    async (at) => {
      const { names, server, clock, agent } = await heard((_controller, name) => {
        if (name === at) throw new Error("thrown");
      });
      server.drip(2);
      await settled();
      server.drip(3);
      await vi.waitFor(() => expect(names.at(-1)).toBe("thrown"), { interval: 2 });
      expect(names.filter((name) => name === "thrown")).toHaveLength(1);
      await agent.close();
      await server.server.until(({ open }) => open.size === 0);
      expect(clock.pending).toBe(0);
    },
  );
});
