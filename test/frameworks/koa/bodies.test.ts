import { once } from "node:events";
import { createServer } from "node:http";
import { connect, createServer as createServer2 } from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable, Stream } from "node:stream";
import { text as textOf } from "node:stream/consumers";

import { reissue } from "@reissue/koa";
import Koa3 from "koa";
import Koa2 from "koa2";
import koaCompress from "koa-compress";
import { describe, expect, onTestFinished, test } from "vitest";

import { askRaw } from "../../support/request.ts";
import type { Running } from "../../support/frameworks/frameworks.ts";

const ask = "GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n";
const askAndClose = ask.replace("host", "connection: close\r\nhost");
const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });

/** Ends a stream in some way, once it is well under way. */
function later(end: () => void): void {
  // real time: the first part must have been written
  setTimeout(end, 50);
}

/** A stream that gives what it is given, and then fails. */
function failing(
  text: string,
  error?: Error,
  fail: (end: () => void) => void = later,
): PassThrough {
  const stream = new PassThrough();
  if (text !== "") stream.write(text);
  fail(() => stream.destroy(error));
  return stream;
}

/** Ends a stream once the head of a response has gone out, however long a busy machine takes. */
function afterHead({ res }: Koa3.Context): (end: () => void) => void {
  return (end) => {
    // real time: Node has no event for a head that was sent
    const timer = setInterval(() => {
      if (!res.headersSent) return;
      clearInterval(timer);
      end();
    }, 5);
  };
}

describe.each([
  ["Koa 3", Koa3],
  ["Koa 2", Koa2 as unknown as typeof Koa3],
])("%s", (major, Koa) => {
  async function serving(...middleware: Koa3.Middleware[]): Promise<Running> {
    const app = new Koa();
    const errors: unknown[] = [];
    app.on("error", (error) => errors.push(error));
    for (const each of middleware) app.use(each);
    const server = createServer(app.callback()).listen(0, "127.0.0.1");
    const close = async (): Promise<void> => server.close().closeAllConnections();
    onTestFinished(close);
    await once(server, "listening");
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, errors, close };
  }

  describe.each<[string, (answer: Koa3.Middleware) => Koa3.Middleware[]]>([
    ["alone", (answer) => [reissue(), answer]],
    ["compressed outside of the gate", (answer) => [koaCompress(), reissue(), answer]],
    ["compressed inside of it", (answer) => [reissue(), koaCompress(), answer]],
  ])("a body %s", (mount, mounted) => {
    const answering = (open: (ctx: Koa3.Context) => Readable): Promise<Running> =>
      serving(
        ...mounted((ctx) => {
          ctx.type = "text";
          ctx.body = open(ctx);
        }),
      );

    test.each([
      ["fails", reset],
      ["is destroyed", undefined],
    ])("cuts the response if it %s after the head was sent", async (_name, error) => {
      const open = (ctx: Koa3.Context): Readable =>
        failing("x".repeat(5000), error, afterHead(ctx));
      const text = await askRaw(await answering(open), ask);
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).not.toContain("\r\n0\r\n\r\n");
    });

    // There Koa's own pipeline closes the connection, and the answer comes through by chance.
    const gets =
      major === "Koa 3" && mount === "alone" ? /^($|HTTP\/1\.1 502 )/ : /^HTTP\/1\.1 502 /;
    test("gets the response to a failed upstream if it fails before anything was sent", async () => {
      const service = await answering(() => failing("", reset));
      const text = await askRaw(service, askAndClose);
      expect(text).toMatch(gets);
      expect(service.errors[0]).toMatchObject({ status: 502, cause: reset });
    });

    test("is left alone if it is complete", async () => {
      const service = await answering(() => Readable.from(["x".repeat(5000)]));
      const text = await askRaw(service, ask + askAndClose);
      expect(text.match(/\r\n0\r\n\r\n/g)).toHaveLength(2);
      expect(service.errors).toEqual([]);
    });
  });

  test("a failure of a body that was replaced unread does no harm", async () => {
    const service = await serving(
      async (ctx, next) => {
        await next();
        ctx.body = Readable.from(slowly());
      },
      reissue(),
      (ctx) => {
        ctx.body = failing("theirs", reset);
      },
    );
    const text = await askRaw(service, askAndClose);
    expect(text).toContain("5\r\nthird\r\n");
    expect(text).toContain("\r\n0\r\n\r\n");
    expect(text).not.toContain("theirs");
  });

  test("a failure after the last byte does no harm", async () => {
    const service = await serving(reissue(), (ctx) => {
      const stream = new PassThrough({ autoDestroy: false });
      ctx.body = stream.end("whole");
      ctx.res.once("finish", () => stream.emit("error", reset));
    });
    const text = await askRaw(service, ask + askAndClose);
    expect(text.match(/\r\n0\r\n\r\n/g)).toHaveLength(2);
  });

  test("a body whose head was flushed cuts the response, even before it is read", async () => {
    const service = await serving(
      async (_ctx, next) => {
        await next();
        // real time: slower than the response, which must wait for the middleware
        await new Promise((resolve) => setTimeout(resolve, 100));
      },
      reissue(),
      (ctx) => {
        ctx.body = failing("", reset);
        ctx.flushHeaders();
      },
    );
    expect(await askRaw(service, ask)).not.toContain("\r\n0\r\n\r\n");
  });

  test("a pipelined response is cut alone, after the earlier ones", async () => {
    const service = await serving(reissue(), (ctx) => {
      ctx.body = ctx.path === "/first" ? Readable.from(slowly(100)) : failing("half", reset);
    });
    const text = await askRaw(service, ask.replace("/ ", "/first ") + ask);
    expect(text.match(/\r\n0\r\n\r\n/g)).toHaveLength(1);
    expect(text).toContain("5\r\nthird\r\n");
  });

  test("a response is cut alone over HTTP/2", async () => {
    const app = new Koa();
    app.silent = true;
    app.use(reissue()).use((ctx) => {
      ctx.body = ctx.path === "/first" ? Readable.from(slowly(100)) : failing("half", reset);
    });
    const server = createServer2(app.callback()).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => session.destroy());
    const first = textOf(session.request({ ":path": "/first" }));
    await expect(textOf(session.request({ ":path": "/" }))).rejects.toThrow();
    expect(await first).toBe("firstsecondthird");
  });

  test("a stream of the old kind is watched too", async () => {
    const old = new Stream();
    const service = await serving(reissue(), (ctx) => {
      ctx.body = old;
      later(() => {
        old.emit("data", "half");
        later(() => old.emit("error", reset));
      });
    });
    const text = await askRaw(service, ask);
    expect(text).toContain("half");
    expect(text).not.toContain("\r\n0\r\n\r\n");
  });

  test("streams are watched by one setter, however many requests and gates there are", async () => {
    const setters = new Set<unknown>();
    const service = await serving(reissue(), reissue(), (ctx) => {
      const prototype: object = Object.getPrototypeOf(ctx.response);
      setters.add(Object.getOwnPropertyDescriptor(prototype, "body")?.set);
      const body = Readable.from(["whole"]);
      ctx.body = body;
      // As middleware does that only looks at it.
      ctx.body = body;
      expect(body.listenerCount("error")).toBeLessThanOrEqual(2);
    });
    for (let at = 0; at < 3; at += 1) await askRaw(service, askAndClose);
    expect(setters.size).toBe(1);
    expect(service.errors).toEqual([]);
  });

  test("a request that passed no gate is left alone", async () => {
    const gate = reissue();
    const service = await serving(
      (ctx, next) => (ctx.query["gate"] === undefined ? next() : gate(ctx, next)),
      (ctx) => {
        ctx.body = ctx.query["gate"] === undefined ? failing("half", reset) : "done";
      },
    );
    const gated = askAndClose.replace("/ ", "/?gate ");
    expect(await askRaw(service, gated)).toContain("done");
    // Koa 2 has it wait for ever.
    const ungated = askRaw(service, ask);
    // real time: shows that a request hangs, which no event announces
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await askRaw(service, gated)).toContain("done");
    await service.close();
    expect(await ungated).not.toContain("\r\n0\r\n\r\n");
  });
});

async function* slowly(pauseMs = 40): AsyncGenerator<string> {
  for (const part of ["first", "second", "third"]) {
    yield part;
    // real time: chunks must go out in packets of their own
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

test("a hand-made context needs no response", async () => {
  const gate = reissue();
  onTestFinished(() => gate.close());
  let runs = 0;
  const server = createServer((req, res) => {
    const ctx = { req, res, response: { body: null } };
    void gate(ctx as never, async () => void (runs += 1)).then(() => res.end(JSON.stringify(runs)));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await (await fetch(origin)).text()).toBe("1");
  expect(Object.hasOwn(Object.prototype, "body")).toBe(false);
});
