import { createHash } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { bodyParser } from "@koa/bodyparser";
import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import { reissue as koaGate } from "@reissue/koa";
import { handler } from "@reissue/server";
import busboy from "busboy";
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { describe, expect, onTestFinished, test } from "vitest";

import { listening } from "../../support/listen.ts";
import { misuseWarnings } from "../../support/misuse-warnings.ts";
import { frameworks, type Call } from "../../support/frameworks/frameworks.ts";
import { serve } from "../capture/service.ts";
import { ask, asked, Wire, type Message } from "../../support/raw-connection.ts";

const digest = (bytes: Uint8Array): string =>
  `${bytes.length} ${createHash("sha256").update(bytes).digest("hex")}`;

/** Ways to read a request; each gives all of its bytes. */
const readers: readonly (readonly [name: string, read: (call: Call) => Promise<Uint8Array>])[] = [
  [
    "data",
    ({ request }) =>
      new Promise((resolve, reject) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => resolve(Buffer.concat(chunks))).on("error", reject);
      }),
  ],
  [
    "for await",
    async ({ request }) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
  ],
  [
    "readable",
    ({ request }) =>
      new Promise((resolve) => {
        const chunks: Buffer[] = [];
        request.on("readable", () => {
          for (let chunk: Buffer; (chunk = request.read() as Buffer) !== null;) chunks.push(chunk);
        });
        request.on("end", () => resolve(Buffer.concat(chunks)));
      }),
  ],
  ["pipe", ({ request }) => buffer(request.pipe(new PassThrough()))],
  [
    "data, late",
    async ({ request }) => {
      // real time: the body must arrive before it is read
      await sleep(5);
      return buffer(request);
    },
  ],
  [
    "an upstream",
    async ({ request, upstream }) => {
      const answer = await upstream(await echo(), {
        method: "POST",
        body: request,
        duplex: "half",
      });
      return new Uint8Array(await answer.arrayBuffer());
    },
  ],
  [
    "fetch",
    async ({ request }) => {
      const body = request as unknown as ReadableStream;
      const answer = await fetch(await echo(), { method: "POST", body, duplex: "half" });
      return new Uint8Array(await answer.arrayBuffer());
    },
  ],
];

/** A server that sends back what it gets. */
async function echo(): Promise<string> {
  return listening((request, response) => void request.pipe(response));
}

const cap = 1_048_576;
const sizes = [0, 1, 16_383, 16_384, 16_385, 65_536, 65_537, cap];

/** Sends a body in pieces, or at once, with a length or in chunks. */
async function send(
  origin: string,
  body: Uint8Array,
  {
    pieces = 1,
    inChunks = false,
    headers = {},
  }: { pieces?: number; inChunks?: boolean; headers?: object } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  const length = inChunks ? { "transfer-encoding": "chunked" } : { "content-length": body.length };
  const request = httpRequest(origin, {
    method: "POST",
    agent: false,
    headers: {
      "idempotency-key": "k",
      "content-type": "application/x-bytes",
      ...length,
      ...headers,
    },
  });
  const answered = once(request, "response") as Promise<[IncomingMessage]>;
  const size = Math.ceil(body.length / pieces);
  for (let at = 0; at < body.length; at += size) {
    if (!request.write(body.subarray(at, at + size))) await once(request, "drain");
    // real time: the pieces must arrive one by one
    if (pieces > 1) await sleep(3);
  }
  request.end();
  const [response] = await answered;
  return { status: response.statusCode ?? 0, body: (await buffer(response)).toString() };
}

// Fastify has its own parsers, which are below.
const own = frameworks.filter(
  ([name]) => name === "Express 5" || name === "Koa 3" || name === "node:http",
);

describe.each(own)("%s", (_, start) => {
  test.each(readers)("%s reads the same body as without the gate", async (_name, read) => {
    const service = await serve(start, async (call) => digest(await read(call)));
    for (const size of sizes) {
      const body = Buffer.alloc(size, "0123456789abcdef");
      for (const how of [{}, { inChunks: true }, { inChunks: true, pieces: 4 }]) {
        const key = `${size}-${Object.keys(how).join("-")}`;
        const headers = { "idempotency-key": key };
        expect(await send(service.origin, body, { ...how, headers })).toEqual({
          status: 200,
          body: digest(body),
        });
      }
    }
  });

  test.each([
    [1000, {}],
    [100_000, { inChunks: true, pieces: 4 }],
  ])(
    "a handler that responds first still reads the whole body afterwards: %i bytes, %j",
    async (size, how) => {
      const body = Buffer.alloc(size, "0123456789abcdef");
      let read: Promise<Buffer> | undefined;
      // real time: the handler reads after its response has ended
      const later = async ({ request }: Call): Promise<Buffer> => (
        await sleep(50),
        buffer(request)
      );
      const service = await serve(start, (call) => ((read = later(call)), "done"));
      const headers = { "idempotency-key": "k" };
      expect(await send(service.origin, body, { ...how, headers })).toMatchObject({ body: "done" });
      expect(read).toBeDefined();
      await expect(read?.then(digest)).resolves.toBe(digest(body));
    },
  );
});

describe.each(frameworks)("%s", (name, start) => {
  test("a request with Expect: 100-continue gets 100 Continue once", async () => {
    const service = await serve(start, () => "done");
    const wire = await Wire.open(service.origin);
    const [head = "", body = ""] = asked({ key: "k", headers: ["Expect: 100-continue"] }).split(
      "pay",
    );
    wire.send(head);
    await wire.until((text) => text.includes("100 Continue"));
    wire.send(`pay${body}`);
    const { status, interim, body: text } = await wire.message();
    expect([status, interim, text]).toEqual([200, ["HTTP/1.1 100 Continue"], "done"]);
  });

  test("a client that disconnects before its body has arrived claims nothing", async () => {
    let claims = 0;
    const memory = memoryStore();
    const store: IdempotencyStore = Object.assign(Object.create(memory) as IdempotencyStore, {
      claim: (...args: Parameters<IdempotencyStore["claim"]>) => (
        (claims += 1),
        memory.claim(...args)
      ),
      renew: memory.renew.bind(memory),
      complete: memory.complete.bind(memory),
      release: memory.release.bind(memory),
    });
    const service = await serve(start, () => "done", { store });
    for (const head of [
      "Content-Length: 10\r\n\r\nfive.",
      "Transfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n",
    ]) {
      const wire = await Wire.open(service.origin);
      wire.send(
        `POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\nContent-Type: text/plain\r\n${head}`,
      );
      // real time: the server must have read the head
      await sleep(20);
      wire.socket.destroy();
    }
    // real time: shows that nothing is claimed, which no event announces
    await sleep(50);
    expect([claims, service.runs()]).toEqual([0, 0]);
    expect((await ask(service.origin, { key: "k" })).status).toBe(200);
  });

  test("a body over the limit gets a 413 while it is still arriving, and its connection ends", async () => {
    const service = await serve(start, () => "done", { maxBodyBytes: 100_000 });
    const wire = await Wire.open(service.origin);
    wire.send(asked({ key: "k", body: "x".repeat(100_001) }));
    expect((await wire.message()).status).toBe(413);
    await wire.until((_text, isOver) => isOver);
    const chunked = (await Wire.open(service.origin)).send(
      "POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    for (let at = 0; at < 11; at += 1) chunked.send(`2710\r\n${"x".repeat(10_000)}\r\n`);
    // Express' own error handler answers once all of a request has come.
    if (name.startsWith("Express")) chunked.send("0\r\n\r\n");
    expect((await chunked.message()).status).toBe(413);
    await chunked.until((_text, isOver) => isOver);
    expect(service.runs()).toBe(0);
  });
});

test("a length beside chunks is ignored if the parser of Node accepts both", async () => {
  const listener = handler(async (request, response) => void response.end(await buffer(request)), {
    upstream: { bind: () => null },
    ...claiming(),
  });
  const origin = await listening(listener, { insecureHTTPParser: true });
  const send = async (tail: string): Promise<Message> => {
    const wire = await Wire.open(origin);
    const head = "POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: k\r\nContent-Length: 3\r\n";
    wire.send(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\npay\r\n`);
    // real time: the first piece must arrive alone
    await sleep(20);
    return wire.send(`3\r\n${tail}\r\n0\r\n\r\n`).message();
  };
  expect((await send("one")).body).toBe("payone");
  expect((await send("two")).status).toBe(422);
});

const idempotency = { scope: "shared" as const };
const claiming = (): { idempotency: { store: IdempotencyStore; scope: "shared" } } => ({
  idempotency: { store: memoryStore(), ...idempotency },
});

const form =
  '--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n';

const bodies: readonly (readonly [type: string, body: string, text: string])[] = [
  ["application/json", '{"amount":42}', '{"amount":42}'],
  ["text/plain", "pay", '"pay"'],
  ["application/x-www-form-urlencoded", "a=1&b=2", '{"a":"1","b":"2"}'],
  ["multipart/form-data; boundary=b", form, '"hello"'],
];

/** Reads a form's only file. */
function fileOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parser = busboy({ headers: request.headers });
    parser.on("file", (_name, file) => void buffer(file).then((all) => resolve(all.toString())));
    parser.on("error", reject);
    request.pipe(parser);
  });
}

async function withParsers(framework: string): Promise<string> {
  if (framework === "Express") {
    const app = express();
    app.use(expressGate(claiming()), express.json(), express.text(), express.urlencoded());
    app.post("/", async (req, res) => {
      const isForm = req.is("multipart/form-data") !== false;
      res.send(JSON.stringify(isForm ? await fileOf(req) : (req.body as unknown)));
    });
    return listening(app);
  }
  if (framework === "Koa") {
    const app = new Koa();
    app.use(koaGate(claiming()));
    app.use(bodyParser({ enableTypes: ["json", "form", "text"] }));
    app.use(async (ctx) => {
      const isForm = ctx.is("multipart/form-data") !== false;
      const { body } = ctx.request as { readonly body?: unknown };
      ctx.body = JSON.stringify(isForm ? await fileOf(ctx.req) : body);
    });
    return listening(app.callback());
  }
  const app = fastify();
  await app.register(fastifyPlugin, claiming());
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    async (_: unknown, text: string) => Object.fromEntries(new URLSearchParams(text)),
  );
  app.addContentTypeParser("multipart/form-data", (request, _payload, done) => {
    fileOf(request.raw).then((text) => done(null, text), done);
  });
  app.post("/", async (request) => JSON.stringify(request.body));
  onTestFinished(() => app.close());
  return app.listen({ port: 0, host: "127.0.0.1" });
}

describe.each(["Express", "Koa", "Fastify"])("the parsers of %s", (framework) => {
  test.each(bodies)("read a body that the gate has read: %s", async (type, body, text) => {
    const origin = await withParsers(framework);
    for (const inChunks of [false, true]) {
      const headers = { "content-type": type, "idempotency-key": `k-${inChunks}` };
      const bytes = Buffer.from(body);
      const first = await send(origin, bytes, { headers, inChunks, pieces: inChunks ? 3 : 1 });
      expect(first).toEqual({ status: 200, body: text });
      expect(await send(origin, bytes, { headers, inChunks })).toEqual(first);
    }
  });
});

describe("a body that was read before", () => {
  async function parsedFirst(verify?: (req: unknown, res: unknown, raw: Buffer) => void): Promise<{
    readonly origin: string;
    readonly codes: unknown[];
  }> {
    const codes: unknown[] = [];
    const app = express().set("env", "test");
    const gate = expressGate(claiming());
    app.use(express.json(verify === undefined ? {} : { verify }), gate);
    app.post("/", (req, res) => void res.send(req.body));
    app.use(
      gate.errors(),
      (error: { code?: unknown }, _req: unknown, _res: unknown, next: (e: unknown) => void) => {
        codes.push(error.code);
        next(error);
      },
    );
    return { origin: await listening(app), codes };
  }
  const json = { headers: { "content-type": "application/json" } };

  test("leads to a clear 500", async () => {
    const { origin, codes } = await parsedFirst();
    expect((await send(origin, Buffer.from("{}"), json)).status).toBe(500);
    expect(codes).toEqual(["ERR_REISSUE_BODY_CONSUMED"]);
    expect(await misuseWarnings()).toMatchObject([{ code: "WARN_REISSUE_BODY_PARSED" }]);
  });

  test("is fingerprinted if req.rawBody has it", async () => {
    const { origin } = await parsedFirst((req, _res, raw) => {
      (req as { rawBody?: Buffer }).rawBody = raw;
    });
    expect((await send(origin, Buffer.from('{"a":1}'), json)).body).toBe('{"a":1}');
    expect((await send(origin, Buffer.from('{"a":2}'), json)).status).toBe(422);
  });

  test("leads to a clear 500 if it was decoded into text", async () => {
    const app = express().set("env", "test");
    app.use((req, _res, next) => (req.setEncoding("utf8"), next()), expressGate(claiming()));
    const origin = await listening(app);
    expect((await send(origin, Buffer.from("{}"), json)).status).toBe(500);
  });

  test("is still read if it is empty", async () => {
    const app = express();
    app.use(
      // real time: the whole body must arrive before the gate runs
      (_req, _res, next) => void setTimeout(next, 20),
      expressGate(claiming()),
      express.raw({ type: () => true }),
    );
    app.post("/", (_req, res) => void res.send("read"));
    const origin = await listening(app);
    const answer = await send(origin, Buffer.alloc(0), { inChunks: true });
    expect(answer).toEqual({ status: 200, body: "read" });
  });

  test("is not waited for if the client has disconnected", async () => {
    let failed: unknown = null;
    const app = express().set("env", "test");
    app.use(
      // real time: later than all other listeners for the close
      (req, _res, next) => void req.once("close", () => setTimeout(next, 5)),
      expressGate(claiming()),
    );
    app.use(
      (error: unknown, _req: unknown, _res: unknown, _next: unknown) => void (failed = error),
    );
    const origin = await listening(app);
    const wire = (await Wire.open(origin)).send(asked({ key: "k" }).slice(0, -1));
    // real time: the server must have read the head
    await sleep(20);
    wire.socket.destroy();
    await expect.poll(() => failed).toBeInstanceOf(Error);
  });
});
