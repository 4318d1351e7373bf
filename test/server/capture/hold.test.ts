import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { frameworks, type Call } from "../../support/frameworks/frameworks.ts";
import { withStores } from "../../support/stores/memory-stores.ts";
import { HeldStore, serve } from "./service.ts";
import { ask, asked, Wire } from "../../support/raw-connection.ts";

type Run = (call: Call) => unknown;

const raw =
  (write: (response: Call["response"], call: Call) => unknown): Run =>
  async (call) => {
    await write(call.response, call);
    return null;
  };

/** Kinds of answers, with what their client has of the body while their end is held, framing and all. */
const kinds: [name: string, run: Run, body: string | null, method?: string][] = [
  ["a body at once", () => "done", null],
  ["end(text)", raw((r) => r.end("done")), null],
  ["end()", raw((r) => r.end()), null],
  [
    "a stream in chunks",
    raw((r) => (r.write("one"), r.write("two"), r.end())),
    "3\r\none\r\n3\r\ntwo\r\n",
  ],
  ["a last chunk with the end", raw((r) => (r.write("one"), r.end("two"))), "3\r\none\r\n"],
  [
    "a declared length",
    raw((r) => (r.setHeader("Content-Length", 6), r.write("abc"), r.write("def"), r.end())),
    "abc",
  ],
  [
    "a declared length whose end does not come",
    raw((r) => (r.setHeader("Content-Length", 6), r.write("abc"), void r.write("def"))),
    "abc",
  ],
  ["pipe", raw((r) => Readable.from(["one", "two"]).pipe(r)), "3\r\none\r\n3\r\ntwo\r\n"],
  ["pipeline", raw((r) => pipeline(Readable.from(["one", "two"]), r)), "3\r\none\r\n3\r\ntwo\r\n"],
  ["204", raw((r) => (r.writeHead(204), r.flushHeaders(), r.end())), null],
  ["304", raw((r) => r.writeHead(304).end()), null],
  [
    "HEAD",
    raw(
      (r) => (
        r.writeHead(200, { "Content-Length": 5 }),
        r.flushHeaders(),
        r.write("abcde"),
        r.end()
      ),
    ),
    null,
    "HEAD",
  ],
  [
    "a length of nothing",
    raw((r) => (r.writeHead(200, { "Content-Length": 0 }), r.flushHeaders(), r.write(""), r.end())),
    null,
  ],
  [
    "trailers",
    raw((r) => (r.write("one"), r.addTrailers({ "X-T": "1" }), r.end())),
    "3\r\none\r\n",
  ],
];

/** Handlers that go on only once Node says so. */
const waiting: [name: string, run: Run][] = [
  ["the callback of end", raw((r) => new Promise<void>((resolve) => r.end("done", resolve)))],
  [
    "the callback of another end",
    raw((r) => (r.end("done"), new Promise<void>((resolve) => r.end(resolve)))),
  ],
  ["finish", raw((r) => (r.end("done"), once(r, "finish")))],
  ["close", raw((r) => (r.end("done"), once(r, "close")))],
  [
    "the callback of the last write",
    raw(async (r) => {
      r.setHeader("Content-Length", 4);
      await new Promise((resolve) => r.write("done", resolve));
      r.end();
    }),
  ],
  [
    "the callback of every write",
    raw(async (r) => {
      for (const part of ["do", "", "ne"]) await new Promise((resolve) => r.write(part, resolve));
      r.end();
    }),
  ],
  [
    "drain",
    raw(async (r) => {
      for (let at = 0; at < 40; at += 1) if (!r.write("x".repeat(100_000))) await once(r, "drain");
      r.end();
    }),
  ],
];

describe.each(frameworks)("%s", (_, start) => {
  test.each(kinds)(
    "a response is stored before its last byte is sent: %s",
    async (_name, run, body, method = "POST") => {
      const store = new HeldStore();
      const service = await serve(start, run, { store });
      const wire = (await Wire.open(service.origin)).send(asked({ method, key: "k-1" }));
      await expect.poll(() => store.asked, { interval: 5 }).toBe(1);
      // real time: shows that the end is held back, which no event announces
      await sleep(30);
      const sent = wire.text.split("\r\n\r\n").slice(1).join("\r\n\r\n");
      // From 24.22 on Node makes one chunk of writes in one turn.
      expect(sent.replace("6\r\nonetwo", "3\r\none\r\n3\r\ntwo")).toBe(body ?? "");
      if (body === null) expect(wire.text).toBe("");
      store.open();
      const first = await wire.message(method);
      const second = await ask(service.origin, { method, key: "k-1" });
      expect([second.replayed, second.status, second.body]).toEqual([
        true,
        first.status,
        first.body,
      ]);
      expect([store.asked, service.runs(), service.errors]).toEqual([1, 1, []]);
    },
  );

  test("a handler that fails after its response changes nothing", async () => {
    const store = new HeldStore();
    const service = await serve(
      start,
      ({ response }) => {
        response.writeHead(200).end("done");
        throw new Error("a bug");
      },
      { store },
    );
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k-1" }));
    await expect.poll(() => store.asked, { interval: 5 }).toBe(1);
    // real time: shows that the end is held back, which no event announces
    await sleep(30);
    store.open();
    const first = await wire.message();
    expect([first.status, first.body]).toEqual([200, "done"]);
    const second = await ask(service.origin, { key: "k-1" });
    expect([second.replayed, second.status, second.body]).toEqual([true, 200, "done"]);
    if (start !== frameworks[4]?.[1]) await expect.poll(() => service.errors.length).toBe(1);
  });
});

describe.each(withStores(frameworks))("the store %s with $2", (_store, open, _framework, start) => {
  test.each(waiting)("lets a handler wait for %s", async (_name, run) => {
    let isDone = false;
    const service = await serve(
      start,
      async (call) => {
        await run(call);
        isDone = true;
        return null;
      },
      { store: open() },
    );
    const { body } = await ask(service.origin, { key: "k-1" });
    await expect.poll(() => isDone, { interval: 5 }).toBe(true);
    expect(body.endsWith("done") || body.length === 4_000_000).toBe(true);
  });

  test("sends the first byte without waiting for the last", async () => {
    let finish = (): void => {};
    const service = await serve(
      start,
      async ({ response }) => {
        response.write("one");
        await new Promise<void>((resolve) => (finish = resolve));
        response.end("two");
        return null;
      },
      { store: open() },
    );
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k-1" }));
    await wire.until((text) => text.includes("one"));
    finish();
    expect((await wire.message()).body).toBe("onetwo");
  });

  test("refuses a write after the end, which does no harm", async () => {
    const told: unknown[] = [];
    const service = await serve(
      start,
      async ({ response }) => {
        response.end("done");
        response.end();
        const tell = (error?: unknown): void => void told.push(error);
        response.write("more", tell);
        response.end("more", tell);
        expect(response.writableEnded).toBe(true);
        expect(() => response.setHeader("x-late", "1")).toThrow("ERR_HTTP_HEADERS_SENT");
        return null;
      },
      { store: open() },
    );
    expect((await ask(service.origin, { key: "k-1" })).body).toBe("done");
    expect((await ask(service.origin, { key: "k-1" })).body).toBe("done");
    expect(told).toMatchObject([
      { code: "ERR_STREAM_WRITE_AFTER_END" },
      { code: "ERR_STREAM_WRITE_AFTER_END" },
    ]);
  });

  test.each<[string, Run]>([
    ["end", raw((r) => r.end(42 as never))],
    ["write", raw((r) => r.write({}))],
    ["the last write", raw((r) => (r.setHeader("Content-Length", 0), r.write(null)))],
    ["the status", raw((r) => ((r.statusCode = 42), r.end("x")))],
  ])("lets a handler fail if Node refuses %s", async (_name, run) => {
    const service = await serve(start, (call, number) => (number === 1 ? run(call) : "done"), {
      store: open(),
    });
    expect((await ask(service.origin, { key: "k-1" })).status).toBe(500);
    expect((await ask(service.origin, { key: "k-1" })).body).toBe("done");
  });

  test("cuts the client if Node refuses an end after the response was stored", async () => {
    const run = raw(
      (r) => ((r.strictContentLength = true), r.setHeader("Content-Length", 9), r.end("short")),
    );
    const service = await serve(start, run, { store: open() });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k-1" }));
    await wire.until((_text, isOver) => isOver);
    expect(wire.text).not.toContain("short");
    // A retry must not take for a whole response what the first request received a part of.
    expect((await ask(service.origin, { key: "k-1" })).status).toBe(409);
    expect(service.runs()).toBe(1);
  });
});
