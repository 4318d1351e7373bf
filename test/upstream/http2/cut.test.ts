import { constants, type ServerHttp2Stream } from "node:http2";

import type { UpstreamError, UpstreamOptions } from "@reissue/upstream";
import { manualClock } from "@reissue/testing";
import { describe, expect, test } from "vitest";

import { got } from "../../support/upstream/requests.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { eventLog, type EventLog } from "../../support/upstream/event-log.ts";
import {
  cutStream,
  h2Server,
  ok,
  type H2Server,
  type OnStream,
} from "../../support/upstream/servers/h2-server.ts";
import { outbound } from "../../support/upstream/open-upstream.ts";
import { undiciMajor } from "../../support/upstream/undici-major.ts";

const own = certificate();
const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_ENHANCE_YOUR_CALM } =
  constants;

async function setting(onStream: OnStream, options: UpstreamOptions = {}) {
  const server: H2Server = await h2Server(own, onStream);
  const log: EventLog = eventLog();
  return { server, log, upstream: outbound({ allowH2: true, tls: { ca: own.cert }, ...options }) };
}

/** Answers with 10 bytes, resets the stream after some of them, and is whole from the second answer on. */
function cutting(code: number, bytes: number, before: OnStream = () => {}): OnStream {
  return (stream, number) => {
    before(stream, number);
    stream.respond({ ":status": 200, "content-length": "10" });
    if (number > 1) return void stream.end("0123456789");
    if (bytes > 0) stream.write("0123456789".slice(0, bytes));
    // The piece shall have left before the reset, which overtakes what has not.
    // real time: the piece must leave before the reset, which overtakes what has not
    setTimeout(() => cutStream(stream, code), 5);
  };
}

describe.each([
  ["NO_ERROR", NGHTTP2_NO_ERROR],
  ["CANCEL", NGHTTP2_CANCEL],
  ["INTERNAL_ERROR", NGHTTP2_INTERNAL_ERROR],
])("a response that a reset with %s cuts below its declared length", (_, code) => {
  test.each([0, 1, 9])("is sent again after %d bytes while it is held", async (bytes) => {
    const { server, upstream, log } = await setting(cutting(code, bytes));
    expect(await got(upstream, server.origin)).toBe("0123456789");
    expect(log.records[0]?.failure).toMatchObject({ delivery: "unknown" });
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["reset"]);
    expect(server.heads).toEqual(["GET", "GET"]);
  });

  test.each(["GET", "POST"])("fails a %s that has received a part of it", async (method) => {
    const { server, upstream, log } = await setting(cutting(code, 9), { holdBytes: 0 });
    const response = await upstream(server.origin, { method });
    const error = await response.text().catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(log.records[0]?.failure).toMatchObject({ kind: "incomplete", delivery: "delivered" });
    expect(server.heads).toEqual([method]);
  });
});

test("a POST with a partial response has an error that says so", async () => {
  const { server, upstream } = await setting(cutting(NGHTTP2_NO_ERROR, 4));
  const { body } = await upstream.request(server.origin, { method: "POST", body: "x" });
  const error = await body.text().catch((thrown: UpstreamError) => thrown);
  expect(error).toMatchObject({ delivery: "delivered", reason: "response-started" });
});

describe("a response that declares a length without having content", () => {
  test.each([
    ["a HEAD", "HEAD", 200],
    ["a 304", "GET", 304],
  ])("is complete if it is %s", async (_, method, status) => {
    const { server, upstream, log } = await setting((stream) => {
      stream.respond({ ":status": status, "content-length": "10" }, { endStream: true });
    });
    const response = await upstream.request(server.origin, { method: method as "GET" });
    expect([response.statusCode, await response.body.text()]).toEqual([status, ""]);
    expect(log.decisions).toEqual([]);
  });
});

test("a response that declares its length is complete with trailers, or in pieces", async () => {
  const { server, upstream, log } = await setting((stream, number) => {
    stream.respond({ ":status": 200, "content-length": "10" }, { waitForTrailers: number === 1 });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.write("01234");
    // real time: the two pieces must arrive apart
    setTimeout(() => stream.end("56789"), 2);
  });
  expect(await got(upstream, server.origin)).toBe("0123456789");
  expect(await got(upstream, server.origin)).toBe("0123456789");
  expect(log.decisions).toEqual([]);
});

/** Name of a way to reset a stream, and the way. */
type Reset = [name: string, reset: (stream: ServerHttp2Stream) => void];

describe("a stream that is reset on a warm session", () => {
  test.each([
    ["INTERNAL_ERROR", (stream) => stream.close(NGHTTP2_INTERNAL_ERROR)],
    ["CANCEL", (stream) => stream.close(NGHTTP2_CANCEL)],
    ["NO_ERROR", (stream) => stream.close(NGHTTP2_NO_ERROR)],
    ["CALM", (stream) => stream.close(NGHTTP2_ENHANCE_YOUR_CALM)],
    // Undici 7 ends the streams of a session that is going away.
    ...(undiciMajor === 7
      ? ([["GOAWAY", (stream) => stream.session?.goaway(NGHTTP2_NO_ERROR)]] satisfies Reset[])
      : []),
  ] satisfies Reset[])(
    "is no stale socket after %s, since its server is alive",
    async (_, reset) => {
      const { server, upstream, log } = await setting((stream, number) =>
        number === 2 || number === 4 ? reset(stream) : ok(stream),
      );
      await got(upstream, server.origin);
      expect(await got(upstream, server.origin)).toBe("ok");
      const failed = upstream.request(server.origin, { method: "POST", body: "x" });
      await expect(failed).rejects.toMatchObject({ reason: "not-retry-safe", delivery: "unknown" });
      expect(log.records.filter(({ failure }) => failure !== null)).toMatchObject([
        { reused: true, failure: { kind: "reset", delivery: "unknown" } },
        { reused: true, failure: { kind: "reset", delivery: "unknown" } },
      ]);
      expect(log.decisions[0]?.decision).toMatchObject({ action: "resend", reason: "reset" });
      expect(server.heads).toEqual(["GET", "GET", "GET", "POST"]);
    },
  );

  const testOn8 = undiciMajor === 8 ? test : () => {};
  testOn8("a stream below a GOAWAY is served to its end", async () => {
    const { server, upstream, log } = await setting((stream, number) => {
      if (number === 2) stream.session?.goaway(NGHTTP2_NO_ERROR);
      ok(stream);
    });
    await got(upstream, server.origin);
    expect(await got(upstream, server.origin)).toBe("ok");
    expect(await got(upstream, server.origin)).toBe("ok");
    expect(log.decisions).toEqual([]);
    expect(server.heads).toHaveLength(3);
    expect(server.sessions).toHaveLength(2);
  });

  test("is a stale socket if it dies with its socket", async () => {
    const { server, upstream, log } = await setting(
      (stream, number) => {
        if (number !== 2) return ok(stream);
        server.sockets.at(-1)?.resetAndDestroy();
      },
      { clock: manualClock() },
    );
    await got(upstream, server.origin);
    expect(await got(upstream, server.origin)).toBe("ok");
    expect(log.decisions.map(({ decision }) => decision.reason)).toEqual(["stale-socket"]);
  });
});
