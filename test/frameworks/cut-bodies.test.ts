import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";

import { memoryStore } from "@reissue/core";
import { describe, expect, onTestFinished, test } from "vitest";

import { ask, askRaw } from "../support/request.ts";
import {
  frameworks,
  type Call,
  type ServiceOptions,
  type Start,
} from "../support/frameworks/frameworks.ts";

/** An upstream whose answer breaks off in the middle, once some of it has gone on to the client. */
async function breakingOff(): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
      // real time: the first half must be read before the cut
      setTimeout(() => socket.destroy(), 50);
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A stream that has given a half of what it was to give, and is destroyed a little later. */
function halfOf(error?: Error): PassThrough {
  const stream = new PassThrough();
  stream.write("half");
  // real time: the first half must be read before the cut
  setTimeout(() => stream.destroy(error), 50);
  return stream;
}

/** Streams of which a service makes its answer. */
const bodies: [name: string, open: (call: Call) => Promise<Readable> | Readable][] = [
  [
    "of node:http",
    async () => ((await once(get(await breakingOff()), "response")) as [IncomingMessage])[0],
  ],
  [
    "of upstream()",
    async ({ upstream }) => Readable.fromWeb((await upstream(await breakingOff())).body as never),
  ],
  [
    "of upstream.request()",
    async ({ upstream }) => (await upstream.request(await breakingOff())).body,
  ],
  ["that fails", () => halfOf(new Error("a bug"))],
  ["that is destroyed without an error", () => halfOf()],
];

const lines = (...own: string[]): string => [...own, "host: x", "", ""].join("\r\n");

describe.each(frameworks)("%s", (_, start: Start) => {
  describe.each(bodies)("a body %s", (_name, open) => {
    const run: ServiceOptions["run"] = (call) => open(call);

    test("cuts the response where it fails: the connection is closed before the end", async () => {
      const text = await askRaw(await start({ run }), lines("GET / HTTP/1.1"));
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).toContain("half");
      expect(text).not.toContain("0\r\n\r\n");
    });

    test("cuts the response with a key as well, and the handler does not run again", async () => {
      let runs = 0;
      const service = await start({
        gate: { idempotency: { store: memoryStore(), scope: "shared" } },
        run: (call) => ((runs += 1), run(call)),
      });
      const post = lines("POST /orders HTTP/1.1", "idempotency-key: k", "content-length: 0");
      const text = await askRaw(service, post);
      expect(text).toContain("half");
      expect(text).not.toContain("0\r\n\r\n");
      const again = await ask(service, { method: "POST", headers: { "idempotency-key": "k" } });
      expect([again.status, again.headers.get("x-should-retry")]).toEqual([409, "false"]);
      expect(runs).toBe(1);
    });
  });

  test("a stream that is piped by hand cuts the response if its failure is handled", async () => {
    const service = await start({
      async run({ response }) {
        const [answer] = (await once(get(await breakingOff()), "response")) as [IncomingMessage];
        return new Promise((resolve, reject) => {
          response.once("finish", () => resolve(null));
          answer.on("error", reject).pipe(response);
        });
      },
    });
    const text = await askRaw(service, lines("GET / HTTP/1.1"));
    expect(text).toContain("half");
    expect(text).not.toContain("0\r\n\r\n");
  });

  test("a body that ends is complete, and its connection stays open", async () => {
    const service = await start({ run: () => Readable.from(["half", "half"]) });
    const close = lines("GET / HTTP/1.1", "connection: close");
    const text = await askRaw(service, lines("GET / HTTP/1.1") + close);
    expect(text.match(/0\r\n\r\n/g)).toHaveLength(2);
    expect(service.errors).toEqual([]);
  });
});
