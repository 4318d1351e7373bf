import { createReadStream } from "node:fs";
import { PassThrough, Readable } from "node:stream";
import { setImmediate, setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client, impatient } from "../../support/upstream/client.ts";
import { rawServer } from "../../support/upstream/servers/raw-server.ts";

/** Errors of a source, some of which look like a failure of the upstream. */
const errors: readonly Error[] = [
  new Error("disk full"),
  Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" }),
  Object.assign(new Error("other side closed"), { code: "UND_ERR_SOCKET", name: "SocketError" }),
  Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" }),
  new DOMException("The operation was aborted", "AbortError"),
  new DOMException("The operation timed out", "TimeoutError"),
];

async function* breaking(error: Error): AsyncGenerator<string> {
  yield await Promise.resolve("begun");
  await setImmediate();
  throw error;
}

const sources: readonly [string, (error: Error) => unknown][] = [
  ["generator", breaking],
  ["Node stream", (error) => Readable.from(breaking(error))],
  ["web stream", (error) => Readable.toWeb(Readable.from(breaking(error)))],
  ["factory of a generator", (error) => () => breaking(error)],
];

describe.each(sources)("a %s that fails midway", (_kind, source) => {
  test.each(errors)(
    "gives its error to the caller, and is not sent again: $message",
    async (error) => {
      const server = await opened();
      const upstream = impatient();
      for (const reused of [true, false]) {
        if (reused) await (await upstream(server.origin)).text();
        server.clear();
        const sent = upstream.request(server.origin, {
          method: "PUT",
          body: source(error) as object as Readable,
        });
        await expect(sent).rejects.toBe(error);
        await server.until(({ open }) => open === 0);
        expect(server.requests).toMatchObject([{ whole: false, processed: false }]);
      }
      // Its death says nothing about the upstream's idle timeout, nor about its connections.
      await (await upstream(server.origin)).text();
      expect(server.requests).toHaveLength(2);
    },
  );
});

test("a source's own failure says nothing about the other connections", async () => {
  const server = await opened();
  const upstream = impatient();
  await Promise.all(
    [upstream(server.origin), upstream(server.origin)].map(async (each) => (await each).text()),
  );
  expect(server.open).toBe(2);
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  const sent = upstream.request(server.origin, {
    method: "PUT",
    body: Readable.from(breaking(reset)),
  });
  await expect(sent).rejects.toThrow();
  await server.until(({ open }) => open < 2);
  // real time: shows that the other connection stays open
  await setTimeout(50);
  expect(server.open).toBe(1);
});

test("a file that cannot be opened fails the call, not the process", async () => {
  const server = await opened();
  const upstream = client({ connections: 1 });
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  const before = process.rawListeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", note);
  try {
    server.script([{ fault: "hang" }]);
    const first = upstream.request(server.origin, { signal: AbortSignal.timeout(300) });
    // In line for the only connection, so that it opens before anybody reads it.
    const body = createReadStream("/no/such/file");
    const second = upstream.request(server.origin, { method: "PUT", body });
    await expect(first).rejects.toThrow();
    await expect(second).rejects.toThrow("ENOENT");
    expect(uncaught).toEqual([]);
  } finally {
    process.off("uncaughtException", note);
    for (const each of before) process.on("uncaughtException", each as () => void);
  }
});

describe("a source of a body", () => {
  test("is closed when the call is aborted in the queue, before it was read", async () => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const upstream = client({ connections: 1 });
    const held = upstream.request(server.origin, { signal: AbortSignal.timeout(100) });
    const controller = new AbortController();
    const body = new PassThrough();
    const options = { method: "PUT", body, signal: controller.signal } as const;
    const queued = upstream.request(server.origin, options);
    controller.abort();
    await expect(queued).rejects.toThrow("abort");
    expect(body.destroyed).toBe(true);
    await expect(held).rejects.toThrow();
  });

  test.each([
    ["Node stream", (body: PassThrough) => body],
    ["web stream", (body: PassThrough) => Readable.toWeb(body)],
  ])("is closed when nothing listens: %s", async (_kind, wrap) => {
    const upstream = client({ retry: { unsentWindowMs: 0, retryOn: [] } });
    const server = await opened();
    await server.refuse();
    const body = new PassThrough();
    const options = { method: "PUT", body: wrap(body) as Readable };
    await expect(upstream.request(server.origin, options)).rejects.toThrow("it was not sent");
    await setImmediate();
    expect(body.destroyed).toBe(true);
  });

  test("is closed when the upstream never reads on", async () => {
    const server = await rawServer((socket) => socket.pause());
    const upstream = client({ retry: { attemptTimeoutMs: 300 } });
    const body = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    const sent = upstream.request(server.origin, { method: "POST", body });
    await expect(sent).rejects.toMatchObject({ code: "ERR_REISSUE_UPSTREAM_TIMEOUT" });
    expect(body.destroyed).toBe(true);
    for (const socket of server.open) socket.resume();
    await server.until(({ open }) => open.size === 0);
  });

  test("is closed as a web stream when the call is aborted while it has no chunk", async () => {
    const server = await opened();
    const controller = new AbortController();
    let cancelled = false;
    const body = new ReadableStream({ cancel: () => void (cancelled = true) });
    const options = { method: "PUT", body: body as never, signal: controller.signal };
    const sent = client().request(server.origin, options);
    await server.until(({ connections }) => connections === 1);
    // real time: the body must be under way
    await setTimeout(20);
    controller.abort();
    await expect(sent).rejects.toThrow("abort");
    await setImmediate();
    expect(cancelled).toBe(true);
  });
});
