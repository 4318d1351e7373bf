import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { connect, createServer as createHttp2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { memoryStore } from "@reissue/core";
import { handler } from "@reissue/server";
import { createUpstream, type BoundUpstream } from "@reissue/upstream";
import { describe, expect, onTestFinished, test } from "vitest";

import { Wire } from "../../support/raw-connection.ts";

/** A listener that sends back its body, and says itself that it may be sent. */
function echo(): RequestListener {
  const upstream = createUpstream();
  onTestFinished(() => upstream.dispatcher.destroy());
  return handler<BoundUpstream>(
    async (request, response) => {
      response.writeContinue();
      response.end(await text(request));
    },
    { upstream, idempotency: { store: memoryStore(), scope: "shared" } },
  );
}

describe("a server that leaves `100 Continue` to its listener", () => {
  test("gets the body of a request with a key", async () => {
    const server = createServer().on("checkContinue", echo()).listen(0, "127.0.0.1");
    onTestFinished(() => server.close().closeAllConnections());
    await once(server, "listening");
    const wire = await Wire.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nIdempotency-Key: a\r\n";
    wire.send(`${head}Expect: 100-Continue\r\n\r\n`);
    await expect.poll(() => wire.text, { interval: 5 }).toMatch(/^HTTP\/1\.1 100 /);
    wire.send("body");
    await expect.poll(() => wire.text, { interval: 5 }).toMatch(/ 200 OK\r\n[^]*\r\n\r\nbody$/);
  });

  test("gets it over HTTP/2 too", async () => {
    // Without a listener of `request` Node emits no `checkContinue` either.
    const server = createHttp2Server(() => {}).listen(0, "127.0.0.1");
    server.on("checkContinue", echo() as never);
    const sessions: ServerHttp2Session[] = [];
    server.on("session", (session) => sessions.push(session));
    onTestFinished(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    await once(server, "listening");
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => client.destroy());
    const stream = client.request({
      ":method": "POST",
      "idempotency-key": "a",
      expect: "100-continue",
    });
    await once(stream, "continue");
    expect(await text(stream.end("body"))).toBe("body");
  });
});
