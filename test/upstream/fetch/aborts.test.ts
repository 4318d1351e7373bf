import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { listening } from "../../support/listen.ts";
import { client } from "../../support/upstream/client.ts";

/** Both ways that a call can take. */
const ways: readonly [string, object][] = [
  ["made directly", {}],
  ["through the platform's fetch", { cache: "no-store" }],
];

describe.each(ways)("a call %s", (_, init) => {
  test("rejects with an AbortError when the inbound client disconnects", async () => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const inbound = new AbortController();
    const sent = client().bind({ signal: inbound.signal })(server.origin, init);
    await server.until(({ heads }) => heads === 1);
    inbound.abort();
    const error = await sent.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: "AbortError" });
    expect(error).toBe(inbound.signal.reason);
  });

  test("rejects as well if the client had disconnected before", async () => {
    const server = await opened();
    const upstream = client().bind({ signal: AbortSignal.abort() });
    await expect(upstream(server.origin, init)).rejects.toMatchObject({ name: "AbortError" });
    expect(server.received).toBe(0);
  });

  test("runs to its end if it is unsafe", async () => {
    const server = await opened({ respond: { body: "done" } });
    const upstream = client().bind({ signal: AbortSignal.abort() });
    const response = await upstream(server.origin, { ...init, method: "POST", body: "abc" });
    expect(await response.text()).toBe("done");
  });

  test.each<[string, unknown]>([
    ["an error", new Error("the caller's")],
    ["a text", "the caller's"],
    ["null", null],
    ["a timeout", new DOMException("too late", "TimeoutError")],
  ])("rejects with the signal's own reason: %s", async (_kind, reason) => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const controller = new AbortController();
    const { signal } = controller;
    const sent = client()(server.origin, { ...init, method: "POST", body: "abc", signal });
    const settled = sent.then(
      () => "a response",
      (thrown: unknown) => ({ thrown }),
    );
    await server.until(({ heads }) => heads === 1);
    controller.abort(reason);
    expect(await settled).toEqual({ thrown: reason });
    await server.until(({ open }) => open === 0);
  });

  test("fails a body that has not been read, with the reason", async () => {
    const server = await opened({ respond: { body: "whole" } });
    const controller = new AbortController();
    const response = await client()(server.origin, { ...init, signal: controller.signal });
    const reason = new DOMException("the caller's", "AbortError");
    controller.abort(reason);
    // Node 20's own fetch puts another AbortError in its place.
    await expect(response.text()).rejects.toMatchObject({ name: "AbortError" });
  });

  test.each([
    ["short", "not here"],
    ["coded", gzipSync("not here")],
    ["long", Buffer.alloc(300_000)],
  ])("fails with the reason when it has been resent after a %s 421", async (kind, body) => {
    let requests = 0;
    const origin = await listening((_request, response) => {
      requests += 1;
      if (requests === 2) return;
      const headers = kind === "coded" ? { "content-encoding": "gzip" } : {};
      response.writeHead(421, headers).end(body);
    });
    const controller = new AbortController();
    const sent = client()(origin, { ...init, signal: controller.signal });
    const settled = sent.catch((thrown: unknown) => thrown);
    await expect.poll(() => requests).toBe(2);
    const reason = new DOMException("the caller's", "AbortError");
    controller.abort(reason);
    expect(await settled).toBe(reason);
  });

  test("leaves a body alone that has been read", async () => {
    const server = await opened({ respond: { body: "whole" } });
    const controller = new AbortController();
    const response = await client()(server.origin, { ...init, signal: controller.signal });
    expect(await response.text()).toBe("whole");
    controller.abort();
    expect(response.bodyUsed).toBe(true);
  });
});

test.each([true, false])(
  "the stream that is sent gets the reason, aborted before: %s",
  async (before) => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const controller = new AbortController();
    const reason = new Error("the caller's");
    let told: unknown;
    const body = new ReadableStream({
      start: (stream) => stream.enqueue(Buffer.from("begun")),
      cancel(given) {
        told = given;
      },
    });
    if (before) controller.abort(reason);
    const { signal } = controller;
    const given = { method: "POST", body, duplex: "half", signal } as const;
    const sent = client()(server.origin, given);
    sent.catch(() => {});
    if (!before) await server.until(({ heads }) => heads === 1);
    controller.abort(reason);
    await expect(sent).rejects.toBe(reason);
    await expect.poll(() => told).toBe(reason);
  },
);

test("a signal that many calls share is listened to only by those in flight", async () => {
  const server = await opened();
  const controller = new AbortController();
  const warnings: Error[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on("warning", listener);
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...given: Parameters<typeof add>) => {
    listeners += 1;
    add(...given);
  };
  signal.removeEventListener = (...given: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...given);
  };
  const upstream = client();
  await Promise.all(
    Array.from({ length: 30 }, async () => (await upstream(server.origin, { signal })).text()),
  );
  expect(listeners).toBe(0);
  await new Promise((resolve) => setImmediate(resolve));
  process.off("warning", listener);
  expect(warnings).toEqual([]);
});
