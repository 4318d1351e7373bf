import type { ServerHttp2Stream } from "node:http2";

import { manualClock, type ManualClock } from "@reissue/testing";
import type { UpstreamOptions, UpstreamRequestOptions } from "@reissue/upstream";
import type { Dispatcher } from "undici";
import { describe, expect, test, vi } from "vitest";

import { certificate } from "../../support/upstream/servers/certificate.ts";
import { client } from "../../support/upstream/client.ts";
import { dripServer, type DripServer } from "../../support/upstream/servers/drip-server.ts";
import { h2Server } from "../../support/upstream/servers/h2-server.ts";

const hourMs = 3_600_000;

const silent = {
  code: "ERR_REISSUE_UPSTREAM_RESPONSE_STARTED",
  delivery: "delivered",
  reason: "response-started",
  message: expect.stringContaining("silent"),
  failure: { kind: "timeout", phase: "response-body", status: 504 },
  cause: { name: "TimeoutError" },
};

/** What has come of a body so far, and how it ended. */
class Reading {
  bytes = 0;
  ended = false;
  error: unknown = null;

  constructor(body: AsyncIterable<Uint8Array>) {
    void this.#read(body);
  }

  async #read(body: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of body) this.bytes += chunk.length;
      this.ended = true;
    } catch (error) {
      this.error = error;
    }
  }

  async until(bytes: number): Promise<void> {
    await vi.waitFor(() => expect(this.bytes).toBe(bytes), { interval: 2 });
  }

  async failed(): Promise<unknown> {
    await vi.waitFor(() => expect(this.error).not.toBeNull(), { interval: 2 });
    return this.error;
  }
}

interface Stream {
  readonly clock: ManualClock;
  readonly server: DripServer;
  readonly reading: Reading;
}

/** A call whose response has begun. */
async function streamed(
  options: UpstreamOptions,
  call: UpstreamRequestOptions = {},
  path = "/",
): Promise<Stream> {
  const clock = manualClock();
  const server = await dripServer();
  const sent = client({ clock, ...options }).request(server.origin + path, call);
  await server.server.until(() => server.heads === 1);
  server.head();
  server.drip(1);
  const reading = new Reading((await sent).body);
  await reading.until(1);
  return { clock, server, reading };
}

test("a silent response fails after bodyTimeoutMs, to the millisecond, with its own error", async () => {
  const { clock, server, reading } = await streamed({ bodyTimeoutMs: 400 });
  await clock.advance(399);
  expect(reading.error).toBeNull();
  await clock.advance(1);
  expect(await reading.failed()).toMatchObject(silent);
  expect(clock.pending).toBe(0);
  await server.server.until(({ open }) => open.size === 0);
});

test("the body of fetch fails in the same way", async () => {
  const clock = manualClock();
  const server = await dripServer();
  const sent = client({ clock })(server.origin, { bodyTimeoutMs: 400 });
  await server.server.until(() => server.heads === 1);
  server.head();
  const { body } = await sent;
  const reading = new Reading(body as unknown as AsyncIterable<Uint8Array>);
  await clock.advance(400);
  expect(await reading.failed()).toMatchObject({ name: "TypeError", cause: silent });
});

test("each chunk restarts the timeout, however often", async () => {
  const { clock, server, reading } = await streamed({ bodyTimeoutMs: 400 });
  for (let chunk = 2; chunk <= 100; chunk += 1) {
    await clock.advance(399);
    server.drip(1);
    await reading.until(chunk);
  }
  server.end();
  await vi.waitFor(() => expect(reading.ended).toBe(true), { interval: 2 });
  expect(clock.pending).toBe(0);
});

test("the default is five minutes, and the time of an attempt does not matter", async () => {
  const { clock, reading } = await streamed({
    retry: { attemptTimeoutMs: 50, totalTimeoutMs: 50 },
  });
  await clock.advance(299_999);
  expect(reading.error).toBeNull();
  await clock.advance(1);
  expect(await reading.failed()).toMatchObject(silent);
});

describe("an explicit bodyTimeoutMs", () => {
  const ms = 400;
  test.each<[string, (origin: string) => UpstreamOptions, UpstreamRequestOptions]>([
    ["of a client", () => ({ bodyTimeoutMs: ms }), {}],
    [
      "of an origin",
      (origin) => ({ bodyTimeoutMs: 50, origins: { [origin]: { bodyTimeoutMs: ms } } }),
      {},
    ],
    [
      "of a route",
      (origin) => {
        const routes = { "GET /events": { bodyTimeoutMs: ms } };
        return { origins: { [origin]: { bodyTimeoutMs: 50, routes } } };
      },
      {},
    ],
    ["of a call", () => ({ bodyTimeoutMs: 50 }), { bodyTimeoutMs: ms }],
  ])("is obeyed as the option %s", async (_of, options, call) => {
    const clock = manualClock();
    const server = await dripServer();
    const upstream = client({ clock, ...options(server.origin) });
    const sent = upstream.request(`${server.origin}/events?a`, call);
    await server.server.until(() => server.heads === 1);
    server.head();
    const reading = new Reading((await sent).body);
    await clock.advance(ms - 1);
    expect(reading.error).toBeNull();
    await clock.advance(1);
    expect(await reading.failed()).toMatchObject(silent);
  });
});

describe.each([0, Infinity])("%d as the timeout", (off) => {
  test.each<[string, UpstreamOptions, UpstreamRequestOptions]>([
    ["for a client", { bodyTimeoutMs: off }, {}],
    ["for a call", {}, { bodyTimeoutMs: off }],
  ])("switches it off %s", async (_for, options, call) => {
    const { clock, server, reading } = await streamed(options, call);
    await clock.advance(hourMs);
    expect(clock.pending).toBe(0);
    server.drip(1);
    await reading.until(2);
    expect(reading.error).toBeNull();
  });
});

test("the option of undici is obeyed as undici does", async () => {
  const { clock, server, reading } = await streamed({}, { bodyTimeout: 0 });
  await clock.advance(hourMs);
  server.drip(1);
  await reading.until(2);
  expect(reading.error).toBeNull();
});

test.each([-1, NaN, "5", null, 2 ** 40])("%o is refused with its path", async (wrong) => {
  const bodyTimeoutMs = wrong as number;
  const route = { routes: { "GET /": { bodyTimeoutMs } } };
  expect(() => client({ bodyTimeoutMs })).toThrow(/^bodyTimeoutMs must be/);
  expect(() => client({ origins: { "http://a": route } })).toThrow(
    /^origins\["http:\/\/a"\]\.routes\["GET \/"\]\.bodyTimeoutMs must be/,
  );
  const { origin } = await dripServer();
  await expect(client().request(origin, { bodyTimeoutMs })).rejects.toThrow(/^bodyTimeoutMs must/);
  await expect(client()(origin, { bodyTimeoutMs })).rejects.toThrow(/bodyTimeoutMs must|failed/);
});

describe("a caller that pauses", () => {
  interface Paused {
    readonly clock: ManualClock;
    readonly server: DripServer;
    readonly controller: Dispatcher.DispatchController;
    readonly heard: string[];
  }

  async function paused(): Promise<Paused> {
    const clock = manualClock();
    const server = await dripServer();
    const heard: string[] = [];
    const agent = client({ clock, bodyTimeoutMs: 400 }).dispatcher;
    const begun = new Promise<Dispatcher.DispatchController>((resolve) => {
      agent.dispatch(
        { origin: server.origin, path: "/", method: "GET" },
        {
          onRequestStart: () => {},
          onResponseStart: (controller) => {
            controller.pause();
            resolve(controller);
          },
          onResponseData: (_controller, chunk) => void heard.push(chunk.toString()),
          onResponseError: (_controller, error) => void heard.push(error.message),
        },
      );
    });
    await server.server.until(() => server.heads === 1);
    server.head();
    return { clock, server, heard, controller: await begun };
  }

  test("is not counted against the upstream, and keeps no timer", async () => {
    const { clock, server, heard, controller } = await paused();
    await clock.advance(hourMs);
    expect(heard).toEqual([]);
    expect(clock.pending).toBe(0);
    server.drip(1);
    controller.resume();
    await vi.waitFor(() => expect(heard).toEqual(["."]), { interval: 2 });
  });

  test("has the whole time again when it goes on", async () => {
    const { clock, heard, controller } = await paused();
    await clock.advance(399);
    controller.resume();
    await clock.advance(399);
    expect(heard).toEqual([]);
    await clock.advance(1);
    await vi.waitFor(() => expect(heard).toHaveLength(1), { interval: 2 });
    expect(heard[0]).toContain("silent");
  });

  test("leaves no timer if it goes on after the end of its call", async () => {
    const { clock, heard, controller } = await paused();
    controller.abort(new Error("enough"));
    controller.resume();
    await vi.waitFor(() => expect(heard).toEqual(["enough"]), { interval: 2 });
    expect(clock.pending).toBe(0);
  });
});

describe("a held response that falls silent", () => {
  test("fails as a timeout before it was given", async () => {
    const clock = manualClock();
    const server = await dripServer();
    const sent = client({ clock, bodyTimeoutMs: 400 }).request(server.origin);
    const error = sent.catch((thrown: unknown) => thrown);
    await server.server.until(() => server.heads === 1);
    server.head(10);
    server.drip(5);
    await vi.waitFor(() => expect(clock.nextMs).toBe(400), { interval: 2 });
    await clock.advance(400);
    expect(await error).toMatchObject({
      code: "ERR_REISSUE_UPSTREAM_TIMEOUT",
      delivery: "unknown",
      failure: { kind: "timeout", phase: "response-body" },
    });
    expect(clock.pending).toBe(0);
  });

  test("is sent again if `timeout` is listed", async () => {
    const clock = manualClock();
    const server = await dripServer();
    const retry = { retryOn: ["timeout"], backOff: { baseMs: 0 } } as const;
    const sent = client({ clock, bodyTimeoutMs: 400, retry }).request(server.origin);
    await server.server.until(() => server.heads === 1);
    server.head(10);
    await vi.waitFor(() => expect(clock.nextMs).toBe(400), { interval: 2 });
    await clock.advance(400);
    await server.server.until(() => server.heads === 2);
    server.head(2);
    server.drip(2);
    expect(await (await sent).body.text()).toBe("..");
  });
});

describe("the timeout over HTTP/2", () => {
  const own = certificate();

  test("is the same as over HTTP/1.1", async () => {
    const clock = manualClock();
    let stream: ServerHttp2Stream | null = null;
    const server = await h2Server(own, (each) => {
      stream = each;
      each.respond({ ":status": 200 });
      each.write(".");
    });
    const h2 = { allowH2: true, tls: { ca: own.cert } };
    const sent = client({ ...h2, clock, bodyTimeoutMs: 400 }).request(server.origin);
    const reading = new Reading((await sent).body);
    await reading.until(1);
    await clock.advance(399);
    stream!.write(".");
    await reading.until(2);
    await clock.advance(399);
    expect(reading.error).toBeNull();
    await clock.advance(1);
    expect(await reading.failed()).toMatchObject(silent);
    expect(clock.pending).toBe(0);
  });
});
