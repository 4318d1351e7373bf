import { createServer, request as httpRequest, type RequestListener } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { PassThrough, Stream, type Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { UpstreamError } from "@reissue/upstream";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { opened } from "../../testing/opened.ts";
import { client, impatient } from "../../support/upstream/client.ts";
import { onHead, rawServer } from "../../support/upstream/servers/raw-server.ts";

async function inbound(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Posts a body that never ends, and tells what came back. */
function postedTo(port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const sent = httpRequest({ port, host: "127.0.0.1", method: "POST" }, (answer) => {
      answer.resume().on("end", () => {
        resolve(answer.statusCode ?? "no status");
        sent.destroy();
      });
    });
    sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    sent.write("begun;");
  });
}

describe("an inbound request that is forwarded as a body", () => {
  test("can still get a response when the upstream is down", async () => {
    const server = await opened();
    await server.refuse();
    const upstream = client({ retry: { unsentWindowMs: 0, retryOn: [] } });
    const port = await inbound((request, response) => {
      upstream.request(server.origin, { method: "PUT", body: request }).catch(() => {
        response.writeHead(502).end();
      });
    });
    expect(await postedTo(port)).toBe(502);
  });

  test("can still get a response when the one of the upstream comes before its end", async () => {
    const server = await rawServer((socket) => {
      onHead(socket, () => socket.write("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig"));
    });
    const upstream = client();
    const port = await inbound((request, response) => {
      void upstream
        .request(server.origin, { method: "PUT", body: request })
        .then(async ({ statusCode, body }) => {
          await body.dump();
          response.writeHead(statusCode).end();
        });
    });
    expect(await postedTo(port)).toBe(413);
  });

  test("can still get a response after its timeout", async () => {
    const server = await opened({ faults: [{ fault: "hang" }] });
    const upstream = client({ retry: { attemptTimeoutMs: 50 } });
    const port = await inbound((request, response) => {
      upstream.request(server.origin, { method: "POST", body: request }).catch(() => {
        response.writeHead(504).end();
      });
    });
    expect(await postedTo(port)).toBe(504);
  });

  test.each(["upstream()", "upstream.request()"])(
    "leaves its connection usable for the next request, sent by %s",
    async (way) => {
      // Reads nothing, so that the inbound request is paused when its time is over.
      const server = await rawServer((socket) => socket.pause());
      const upstream = client({ retry: { attemptTimeoutMs: 100 } });
      const port = await inbound(async (request, response) => {
        if (request.method === "GET") return void response.end("next");
        const init = { method: "POST", body: request, duplex: "half" } as const;
        const sent =
          way === "upstream()"
            ? upstream(server.origin, init)
            : upstream.request(server.origin, init);
        await expect(sent).rejects.toBeInstanceOf(UpstreamError);
        expect(request.destroyed).toBe(false);
        expect(request.socket).not.toBeNull();
        response.writeHead(504).end();
      });
      const socket = connect(port, "127.0.0.1");
      let answers = "";
      socket.on("data", (data) => (answers += data.toString()));
      const size = 32 * 2 ** 20;
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
      socket.write(Buffer.alloc(size));
      socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await vi.waitFor(() => expect(answers).toMatch(/^HTTP\/1.1 504[^]*next/), {
        timeout: 25_000,
        interval: 2,
      });
    },
  );
});

/** A stream of the days before `Readable`, as `form-data` still is: events, and no iterator. */
class OldStream extends Stream {
  #chunks: string[];

  constructor(...chunks: string[]) {
    super();
    this.#chunks = chunks;
  }

  resume(): void {
    void this.#flow();
  }

  pause(): void {}

  async #flow(): Promise<void> {
    const chunks = this.#chunks;
    this.#chunks = [];
    for (const chunk of chunks) {
      await setImmediate();
      this.emit("data", chunk);
    }
    this.emit("end");
    this.emit("close");
  }
}

describe.each([
  ["an old-style stream", () => new OldStream("first;", "second")],
  [
    // Its name tag was added in form-data 4.0.1.
    "one that calls itself FormData, as the package form-data does",
    () =>
      Object.defineProperty(new OldStream("first;", "second"), Symbol.toStringTag, {
        value: "FormData",
      }),
  ],
])("the stream %s", (_name, make) => {
  test("is sent as a body", async () => {
    const server = await opened();
    const body = make() as Stream as Readable;
    const { statusCode } = await impatient().request(server.origin, { method: "PUT", body });
    expect(statusCode).toBe(200);
    expect(server.requests[0]?.body?.toString()).toBe("first;second");
  });

  test("is sent again whole, or not at all", async () => {
    const server = await opened({ faults: [{ fault: "reset", at: "body-end", times: 1 }] });
    const body = make() as Stream as Readable;
    const sent = impatient({ retry: { attemptTimeoutMs: 10_000 } });
    const outcome = await sent.request(server.origin, { method: "PUT", body }).then(
      ({ statusCode }) => statusCode,
      (error: unknown) => error,
    );
    const processed = server.requests.filter((request) => request.processed);
    if (outcome === 200)
      expect(processed.map((each) => each.body?.toString())).toEqual(["first;second"]);
    else expect(processed).toEqual([]);
    if (outcome !== 200) expect(outcome).toBeInstanceOf(UpstreamError);
    if (outcome !== 200) expect(outcome).toMatchObject({ reason: "body-not-replayable" });
  });
});

test("a stream that was already read to its end is sent as an empty body", async () => {
  const server = await opened();
  const body = new PassThrough();
  body.end("read");
  body.resume();
  await new Promise((resolve) => body.on("end", resolve));
  const sent = client({ retry: { attemptTimeoutMs: 500 } }).request(server.origin, {
    method: "PUT",
    body,
  });
  // Undici sends it empty, fetch refuses it; what must not be is a hang.
  await Promise.allSettled([sent]);
  expect(server.requests.length).toBeLessThanOrEqual(1);
});
