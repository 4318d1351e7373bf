import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { memoryStore, type IdempotencyStore } from "@reissue/core";
import { reissue as expressGate } from "@reissue/express";
import { reissue as fastifyPlugin } from "@reissue/fastify";
import express5 from "express";
import express4 from "express4";
import fastify, { type FastifyReply } from "fastify";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

import { frameworks } from "../../support/frameworks/frameworks.ts";
import { listening } from "../../support/listen.ts";
import { same } from "./same-response.ts";
import { ask } from "../../support/raw-connection.ts";

/** What is replayed does not depend on whether its method's keys are claimed by default. */
const methods = ["POST", "HEAD"];
const idempotency = () => ({ store: memoryStore(), scope: "shared" as const, methods });

/** Fields beyond ASCII, which Node sends as Latin-1 or as UTF-8, by what it sends them with. */
const link = "<caf\u00e9>";
const file = 'attachment; filename="\u00e9.txt"';
const set = (r: ServerResponse): ServerResponse =>
  r.setHeader("Link", link).setHeader("Content-Disposition", file);

const beyondAscii: [name: string, write: (r: ServerResponse) => unknown, method?: string][] = [
  ["a string", (r) => set(r).end("done")],
  ["a string as utf8", (r) => set(r).end("done", "utf8")],
  ["a string as latin1", (r) => set(r).end("done", "latin1")],
  ["a string as hex", (r) => set(r).end("00ff", "hex")],
  ["bytes", (r) => set(r).end(Buffer.from("done"))],
  ["nothing", (r) => set(r).end()],
  ["chunks", (r) => (set(r).write("one"), r.end("two"))],
  [
    "a string of a declared length",
    (r) => (set(r).writeHead(200, { "Content-Length": 4 }), r.end("done")),
  ],
  [
    "strings of a declared length",
    (r) => {
      set(r).writeHead(200, { "Content-Length": 4 }).write("do");
      r.end("ne");
    },
  ],
  ["a head that is flushed", (r) => (set(r).flushHeaders(), r.end("done"))],
  [
    "a head that is flushed before bytes",
    (r) => (set(r).flushHeaders(), r.end(Buffer.from("done"))),
  ],
  [
    "trailers",
    (r) => {
      set(r).setHeader("Trailer", "x-t").write("one");
      r.addTrailers({ "x-t": "caf\u00e9" });
      r.end();
    },
  ],
  ["UTF-8 by hand", (r) => r.setHeader("Link", "caf\u00c3\u00a9").end("done")],
  ["no body of a HEAD", (r) => set(r).end("done"), "HEAD"],
  ["no content", (r) => set(r).writeHead(204).end()],
];

describe.each(frameworks.filter(([name]) => /Express 5|Koa 3|node/.test(name)))(
  "%s",
  (_, start) => {
    test.each(beyondAscii)(
      "a header beyond ASCII is replayed as it was sent: %s",
      async (_name, write, method) => {
        const { origin, errors } = await start({
          gate: { idempotency: idempotency() },
          run: ({ response }) => (write(response), null),
        });
        // Node garbles a Content-Disposition of a body whose length it declares itself; with a key it does not.
        const replayed = await same(origin, { method: method ?? "POST" }, /^content-disposition/i);
        expect(replayed.lines.join()).toMatch(/^.*caf/);
        expect(errors).toEqual([]);
      },
    );
  },
);

describe("a download", () => {
  let folder: string;
  let path: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "download-"));
    path = join(folder, "\u00e9.txt");
    await writeFile(path, "downloaded");
  });
  afterAll(() => rm(folder, { recursive: true }));

  test.each([
    ["Express 4", express4 as unknown as typeof express5],
    ["Express 5", express5],
  ])("is stored and replayed under %s", async (_name, express) => {
    const app = express()
      .set("env", "test")
      .use(expressGate({ idempotency: idempotency() }));
    app.post("/", (_req, res) => res.download(path));
    const { lines } = await same(await listening(app));
    expect(lines.join("\n")).toMatch(
      /^Content-Disposition: attachment; filename="(\u00e9|\?)\.txt"/m,
    );
  });
});

describe("a response to HEAD with trailers", () => {
  const trailing = (reply: FastifyReply): FastifyReply =>
    reply.header("link", "<a>").trailer("x-t", (_reply, _payload, done) => done(null, "1"));

  test.each(["1.1", "1.0"])("is replayed to HTTP/%s", async (version) => {
    const app = fastify();
    onTestFinished(() => app.close());
    await app.register(fastifyPlugin, { idempotency: idempotency() });
    app.route({
      method: ["GET", "HEAD"],
      url: "/",
      handler: (_request, reply) => trailing(reply).send("done"),
    });
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    const request = { method: "HEAD", body: "", key: "k" };
    await ask(origin, request);
    const second = await ask(origin, { ...request, version });
    expect([second.status, second.replayed]).toEqual([200, true]);
    expect(second.lines).toContain("link: <a>");
    expect(second.lines.some((line) => /^trailer: x-t$/i.test(line))).toBe(version === "1.1");
  });
});

/** A store in which everything is completed, with these bytes. */
function holding(text: string): IdempotencyStore {
  const answer = Buffer.from(text, "latin1");
  return Object.assign(memoryStore(), { claim: () => ({ state: "completed", answer }) as const });
}

describe.each(frameworks)("%s with a record that cannot be written", (_, start) => {
  test.each([
    ["a status that none is", "1 42 0 0 kept\ndone"],
    ["an interim status", "1 100 0 0 kept\n"],
    ["a status that is no number", "1 OK 0 0 kept\ndone"],
    ["a header without a name", "1 200 2 0 kept\nLink:<a>\n:b\ndone"],
    ["a header with a space in its name", "1 200 1 0 kept\nx y:z\ndone"],
    ["a header with a control character", "1 200 1 0 kept\nLink:a\u0001b\ndone"],
    ["a trailer that none is", "1 200 1 1 kept\nTrailer:x-t\nx t:1\ndone"],
  ])("responds with a 500 to a record with %s", async (_name, record) => {
    const gate = { idempotency: { ...idempotency(), store: holding(record) } };
    const { origin, errors } = await start({ gate, run: () => "never" });
    for (const method of ["POST", "HEAD"]) {
      const response = await ask(origin, { method, key: "k", body: "" });
      expect([response.status, response.replayed]).toEqual([500, false]);
      expect(response.lines.join()).not.toMatch(/link/i);
    }
    expect(errors).toHaveLength(2);
  });
});
