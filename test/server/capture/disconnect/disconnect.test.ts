import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { Server, ServerResponse } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { frameworks } from "../../../support/frameworks/frameworks.ts";
import { opened } from "../../../testing/opened.ts";
import { HeldStore, serve } from "../service.ts";
import { ask, asked, retry, Wire } from "../../../support/raw-connection.ts";

/** Rejections that nobody handles, and warnings, of a leak of listeners among them. */
const unexpected: unknown[] = [];
const note = (reason: unknown): void => void unexpected.push(reason);
beforeAll(() => void process.on("unhandledRejection", note).on("warning", note));
afterAll(() => {
  process.off("unhandledRejection", note).off("warning", note);
  expect(unexpected).toEqual([]);
});

describe.each(frameworks)("%s with a client that disconnects", (_, start) => {
  test("its retry gets the response if the end was delayed", async () => {
    const store = new HeldStore();
    const service = await serve(start, () => "done", { store });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await expect.poll(() => store.asked, { interval: 5 }).toBe(1);
    wire.socket.destroy();
    // real time: the server must have read the connection's end
    await sleep(20);
    store.open();
    const again = await retry(service.origin);
    expect([again.status, again.replayed, again.body, service.runs()]).toEqual([
      200,
      true,
      "done",
      1,
    ]);
  });

  test("its retry gets the response if a head was made and not sent", async () => {
    let isOver = false;
    const service = await serve(start, async ({ response }) => {
      response.writeHead(201);
      await once(response.req.socket, "close");
      response.write("do");
      response.end("ne");
      isOver = true;
      return null;
    });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await expect.poll(service.runs, { interval: 5 }).toBe(1);
    wire.socket.destroy();
    await expect.poll(() => isOver).toBe(true);
    const again = await retry(service.origin);
    expect([again.status, again.replayed, again.body]).toEqual([201, true, "done"]);
  });

  test("a safe call of the handler goes on, and its result is the response", async () => {
    const orders = await opened({ respond: { delayMs: 100, body: "from upstream" } });
    const service = await serve(start, async ({ upstream }) => {
      const reply = await upstream(orders.origin);
      return reply.text();
    });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await orders.until(({ heads }) => heads === 1);
    wire.socket.destroy();
    const again = await retry(service.origin);
    expect([again.status, again.replayed, again.body]).toEqual([200, true, "from upstream"]);
    expect([service.runs(), orders.received]).toEqual([1, 1]);
  });

  test.each<[string, (write: ServerResponse) => unknown]>([
    [
      "pipe",
      (r) =>
        Readable.from(
          (async function* () {
            // real time: a stream that never ends, slowly
            for (;;) yield (await sleep(5), "x".repeat(1000));
          })(),
        ).pipe(r),
    ],
    ["write", (r) => r.write("x")],
    ["flushed headers", (r) => r.flushHeaders()],
  ])(
    "the handler does not run again after a disconnect in the middle (%s), and no client gets a part",
    async (_name, begin) => {
      const service = await serve(start, ({ response }) => (begin(response), null));
      const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
      await wire.until((text) => text.includes("\r\n\r\n"));
      wire.socket.destroy();
      const again = await retry(service.origin);
      expect([again.status, again.replayed, service.runs()]).toEqual([409, false, 1]);
      expect(again.lines).toContain("x-should-retry: false");
    },
  );

  test.each<[string, (write: ServerResponse) => unknown]>([
    ["destroy", (r) => r.destroy()],
    ["destroy with an error", (r) => r.destroy(new Error("cut"))],
  ])("the handler does not run again after it cuts the response (%s)", async (_name, cut) => {
    const service = await serve(start, async ({ response }) => {
      response.write("a part");
      // real time: the first part must go out before the cut
      await sleep(10);
      cut(response);
      response.end("more");
      return null;
    });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await wire.until((_text, isOver) => isOver);
    // real time: shows that the key is not released, which no event announces
    await sleep(20);
    expect((await ask(service.origin, { key: "k" })).status).toBe(409);
    expect(service.runs()).toBe(1);
  });

  test("no other run starts beside it if the server closes all connections", async () => {
    const work = new PassThrough();
    const service = await serve(start, async ({ request }) => {
      const { server } = request.socket as unknown as { readonly server: Server };
      server.closeAllConnections();
      return text(work);
    });
    const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
    await wire.until((_text, isOver) => isOver);
    expect((await ask(service.origin, { key: "k" })).status).toBe(409);
    work.end("done");
    const again = await retry(service.origin);
    expect([again.status, again.replayed, again.body]).toEqual([200, true, "done"]);
    expect(service.runs()).toBe(1);
  });

  test("a slow client holds a stream back, and no more than the cap is kept", async () => {
    let written = 0;
    const service = await serve(start, async ({ response }) => {
      const source = Readable.from(
        (function* () {
          for (let at = 0; at < 800; at += 1) yield ((written += 65_536), Buffer.alloc(65_536));
        })(),
        { objectMode: false },
      );
      source.pipe(response);
      return null;
    });
    const wire = await Wire.open(service.origin);
    wire.socket.pause();
    wire.send(asked({ key: "k" }));
    // real time: back-pressure begins when the kernel's buffers are full
    await sleep(150);
    const before = written;
    // real time: shows that nothing more is written, which no event announces
    await sleep(150);
    expect(written).toBe(before);
    expect(written).toBeLessThan(20_000_000);
  });

  test("two requests on one connection get their responses in order, and get them again", async () => {
    const service = await serve(start, async (_call, number) => {
      // real time: the first response must be ready after the second
      await sleep(number === 1 ? 30 : 0);
      return `run ${number}`;
    });
    const wire = await Wire.open(service.origin);
    wire.send(asked({ key: "a" }) + asked({ key: "b" }));
    const answers = [await wire.message(), await wire.message()];
    wire.send(asked({ key: "a" }) + asked({ key: "b" }) + asked({ key: "c" }));
    answers.push(await wire.message(), await wire.message(), await wire.message());
    expect(answers.map(({ body, replayed }) => [body, replayed])).toEqual([
      ["run 1", false],
      ["run 2", false],
      ["run 1", true],
      ["run 2", true],
      ["run 3", false],
    ]);
  });
});

describe.each(frameworks.filter(([name]) => /Koa|Fastify/.test(name)))(
  "%s with a client that disconnects before its handler responds",
  (_, start) => {
    test.each<[string, () => Readable]>([
      ["a stream", () => Readable.from(["do", "ne"])],
      ["a file", () => createReadStream(import.meta.filename)],
    ])("the client gets the whole response when it retries: %s", async (_name, body) => {
      const service = await serve(start, async ({ request }) => {
        await once(request.socket, "close");
        return body();
      });
      const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
      await expect.poll(service.runs, { interval: 5 }).toBe(1);
      wire.socket.destroy();
      const again = await retry(service.origin);
      expect([again.status, again.replayed, service.runs()]).toEqual([200, true, 1]);
      expect(again.body).toBe(await text(body()));
    });

    test("the client gets the whole stream that had produced nothing by then", async () => {
      const service = await serve(start, () =>
        Readable.from(
          (async function* () {
            // real time: later than the client's disconnect
            yield (await sleep(100), "late");
          })(),
        ),
      );
      const wire = (await Wire.open(service.origin)).send(asked({ key: "k" }));
      await expect.poll(service.runs, { interval: 5 }).toBe(1);
      // real time: the handler must wait for its stream
      await sleep(20);
      wire.socket.destroy();
      const again = await retry(service.origin);
      expect([again.status, again.replayed, again.body]).toEqual([200, true, "late"]);
      expect(service.runs()).toBe(1);
    });
  },
);
