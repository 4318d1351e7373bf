import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { frameworks, type Call } from "../../support/frameworks/frameworks.ts";
import { withStores } from "../../support/stores/memory-stores.ts";
import { same } from "./same-response.ts";

type Run = (call: Call) => unknown;

/** A handler that writes on the response itself. */
const raw =
  (write: (response: Call["response"], call: Call) => unknown): Run =>
  async (call) => {
    await write(call.response, call);
    return null;
  };

/** A kind of answer by its name; what a client sees of it has to be the same with a key and without. */
const kinds: [name: string, run: Run, method?: string][] = [
  ["a string", () => "done"],
  ["bytes", () => Buffer.from([0, 255, 128, 13, 10, 0])],
  ["end()", raw((r) => r.end())],
  ["end(text)", raw((r) => r.end("done"))],
  ["end(bytes)", raw((r) => r.end(new Uint8Array([0, 200, 13, 10])))],
  ["end(latin1)", raw((r) => r.end("žé\u00ff", "latin1"))],
  ["end(base64)", raw((r) => r.end("AAH+/w==", "base64"))],
  ["end(hex) after a write in utf16", raw((r) => (r.write("žé", "utf16le"), r.end("00ff", "hex")))],
  ["end(callback)", raw((r) => new Promise<void>((resolve) => r.end(resolve)))],
  ["end(text, callback)", raw((r) => new Promise<void>((resolve) => r.end("x", resolve)))],
  [
    "end(text, encoding, callback)",
    raw((r) => new Promise<void>((done) => r.end("eA==", "base64", done))),
  ],
  ["end with nulls, as Fastify's", raw((r) => Reflect.apply(r.end, r, [null, null, null]))],
  ["write and end", raw((r) => (r.write("one"), r.write(Buffer.from("two")), r.end("three")))],
  ["write and a bare end", raw((r) => (r.write("one"), r.end()))],
  ["an empty write", raw((r) => (r.write(""), r.write("one"), r.write(""), r.end()))],
  ["an empty write alone", raw((r) => (r.write(""), r.end()))],
  [
    "a declared length",
    raw((r) => (r.setHeader("Content-Length", 6), r.write("abc"), r.write("def"), r.end())),
  ],
  [
    "a declared length in one",
    raw((r) => (r.writeHead(200, { "Content-Length": "3" }), r.end("abc"))),
  ],
  [
    "a declared length and an empty write",
    raw((r) => (r.writeHead(200, { "Content-Length": 3 }), r.write("abc"), r.write(""), r.end())),
  ],
  [
    "a declared length of nothing",
    raw((r) => (r.writeHead(200, { "Content-Length": 0 }), r.flushHeaders(), r.end())),
  ],
  [
    "a length that was taken away",
    raw((r) => (r.setHeader("Content-Length", 4), r.removeHeader("Content-Length"), r.end("done"))),
  ],
  [
    "corked writes",
    raw(async (r) => {
      r.cork();
      r.write("one");
      r.write("two");
      // real time: the writes must be in different turns
      await sleep(1);
      r.uncork();
      r.end("three");
    }),
  ],
  [
    "flushed headers",
    raw(async (r) => {
      r.flushHeaders();
      // real time: the head must go out in a packet of its own
      await sleep(1);
      r.end("done");
    }),
  ],
  ["pipe", raw((r) => createReadStream(import.meta.filename).pipe(r))],
  ["pipeline", raw((r) => pipeline(Readable.from(["one", "two"]), r))],
  [
    "pipe of a web stream",
    raw((r) => Readable.fromWeb(new Blob(["blob"]).stream() as never).pipe(r)),
  ],
  [
    "writeHead with an object",
    raw((r) =>
      r.writeHead(201, { Location: "/o/1", "X-A": ["1", "2"], Link: ["<a>", "<b>"] }).end("x"),
    ),
  ],
  [
    "writeHead over what was set",
    raw(
      (r) => (r.setHeader("Location", "/wrong"), r.writeHead(201, { location: "/o/1" }).end("x")),
    ),
  ],
  ["writeHead with a reason", raw((r) => r.writeHead(202, "Taken In", { ETag: '"a"' }).end("x"))],
  ["a reason that was set", raw((r) => ((r.statusMessage = "Fine"), r.end("x")))],
  ["writeHead with a status in text", raw((r) => r.writeHead("304" as never).end())],
  ["204", raw((r) => r.writeHead(204).end())],
  [
    "204 with a body that does not count",
    raw((r) => ((r.statusCode = 204), r.write("no"), r.end("no"))),
  ],
  ["304", raw((r) => r.writeHead(304, { ETag: '"a"', "Content-Length": 7 }).end())],
  ["HEAD", raw((r) => r.writeHead(200, { "Content-Length": 7, ETag: '"a"' }).end()), "HEAD"],
  [
    "HEAD with flushed headers",
    raw((r) => (r.setHeader("ETag", '"a"'), r.flushHeaders(), r.end())),
    "HEAD",
  ],
  ["HEAD with a body that does not count", raw((r) => (r.write("no"), r.end("no"))), "HEAD"],
  ["a redirect", raw((r) => r.writeHead(303, { Location: "/o/1" }).end())],
  [
    "trailers",
    raw((r) => {
      r.writeHead(200, { Trailer: "Content-MD5, X-T" });
      r.write("one");
      r.addTrailers({ "Content-MD5": "abc", "X-T": ["1", "2"] as never });
      r.end("two");
    }),
  ],
  [
    "trailers with all of the body at once",
    raw(
      (r) => (r.setHeader("Trailer", "X-T"), r.addTrailers([["X-T", "1"]] as never), r.end("all")),
    ),
  ],
  ["trailers that have no place", raw((r) => (r.addTrailers({ "X-T": "1" }), r.end("all")))],
  [
    "early hints",
    raw(
      (r) =>
        new Promise<void>((resolve) => {
          r.writeEarlyHints({ link: "</a.css>; rel=preload" }, () => (r.end("done"), resolve()));
        }),
    ),
  ],
  ["processing", raw((r) => (r.writeProcessing(), r.end("done")))],
  ["Connection: close", raw((r) => (r.setHeader("Connection", "close"), r.end("done")))],
  ["without Date", raw((r) => ((r.sendDate = false), r.end("done")))],
  ["a client's mistake", raw((r) => r.writeHead(404, { "Retry-After": "60" }).end("none"))],
];

/** Kinds that Node 20 only knows of responses that have no headers yet, as Express' and Koa's have. */
const bare: typeof kinds = [
  [
    "writeHead with two objects",
    raw((r) => r.writeHead(201, { Location: "/a" } as never, { Location: "/b" }).end("x")),
  ],
  [
    "writeHead with a flat list",
    raw((r) =>
      r.writeHead(201, ["Link", "<a>", "Location", "/o/1", "Link", "<b>"] as never).end("x"),
    ),
  ],
  [
    "writeHead with pairs",
    raw((r) =>
      r
        .writeHead(201, [
          ["Location", "/o/1"],
          ["Link", "<a>"],
          ["Link", "<b>"],
        ] as never)
        .end("x"),
    ),
  ],
];

describe.each(withStores(frameworks))("the store %s with $2", (_store, open, framework, start) => {
  test.each(/Express/.test(framework) ? kinds : [...kinds, ...bare])(
    "sends the same response with a key, and for a retry: %s",
    async (_name, run, method) => {
      const { origin, errors } = await start({
        gate: { idempotency: { store: open(), scope: "shared", methods: ["POST", "HEAD"] } },
        run,
      });
      await same(origin, { method: method ?? "POST" });
      expect(errors).toEqual([]);
    },
  );

  test.each(kinds.slice(0, 4))("sends %s to an HTTP/1.0 client", async (_name, run) => {
    const gate = { idempotency: { store: open(), scope: "shared" as const } };
    const { origin } = await start({ gate, run });
    await same(origin, { version: "1.0" });
    await same(origin, { version: "1.0", key: "k-2", headers: ["Connection: keep-alive"] });
  });
});
