import { Readable } from "node:stream";

import { manualClock, type ManualClock } from "@reissue/testing";
import type { UpstreamOptions, UpstreamRequestOptions } from "@reissue/upstream";
import { describe, expect, test, vi } from "vitest";

import { letters } from "../../support/upstream/body-kinds.ts";
import { certificate } from "../../support/upstream/servers/certificate.ts";
import { client } from "../../support/upstream/client.ts";
import { h2Server } from "../../support/upstream/servers/h2-server.ts";
import {
  countSent,
  SlowReader,
  slowServer,
  type Sent,
} from "../../support/upstream/servers/slow-reader.ts";

/** More than loopback's buffers of both ends hold: Linux grows them to 4 and 6 MiB. */
const bytes = 16 * 2 ** 20;
const content = letters(bytes);
/** How much is read at once; enough for the kernel to take more. */
const stepBytes = 4 * 2 ** 20;

function* inPieces(size: number): Generator<Buffer> {
  for (let at = 0; at < bytes; at += size) yield content.subarray(at, at + size);
}

function form(): FormData {
  const made = new FormData();
  made.set("file", new Blob([content]), "a.txt");
  return made;
}

const bodies: readonly (readonly [string, () => unknown])[] = [
  ["a string", () => content.toString("latin1")],
  ["a Buffer", () => content],
  ["a Uint16Array", () => new Uint16Array(content.buffer, content.byteOffset, bytes / 2)],
  ["a Blob", () => new Blob([content])],
  ["a form", form],
  [
    "a form of one long field",
    () => {
      const made = new FormData();
      made.set("text", content.toString("latin1"));
      return made;
    },
  ],
  ["a stream", () => Readable.from(inPieces(65_536))],
  ["a stream of one chunk", () => Readable.from([content])],
  ["a web stream of large chunks", () => ReadableStream.from(inPieces(8 * 2 ** 20))],
  ["a generator", () => inPieces(100_000)],
  ["a factory of bytes", () => () => content],
  ["a factory of streams", () => () => Readable.from([content])],
];

interface Upload {
  readonly clock: ManualClock;
  readonly reader: SlowReader;
  readonly sent: Sent;
  readonly outcome: Promise<unknown>;
  respond(): void;
}

const limit = { attemptTimeoutMs: 200, totalTimeoutMs: 1_000_000 };

/** An upload that has filled the buffers of a server that reads nothing. */
async function upload(body: unknown, options: UpstreamOptions = {}): Promise<Upload> {
  const clock = manualClock();
  const server = await slowServer();
  const { reader } = server;
  const sent = countSent();
  const upstream = client({ clock, retry: limit, ...options });
  const call = { method: "PUT", body } as UpstreamRequestOptions;
  const outcome = upstream
    .request(server.origin, call)
    .then(({ body }) => body.text())
    .catch((error: unknown) => error);
  await vi.waitFor(() => expect(reader.taken).toBe(true), { interval: 2 });
  await sent.stalled();
  const respond = (): void => server.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  return { clock, reader, sent, outcome, respond };
}

/** Reads all of it, each step just before the attempt's time is over; returns the steps. */
async function readSlowly({ clock, reader, sent }: Upload, total = bytes): Promise<number> {
  let steps = 0;
  while (sent.bytes < total) {
    await clock.advance(limit.attemptTimeoutMs - 1);
    const before = { read: reader.read, sent: sent.bytes };
    const moved = (): boolean => reader.read >= before.read + stepBytes && sent.bytes > before.sent;
    await reader.until(() => moved() || sent.bytes >= total);
    await sent.stalled();
    steps += 1;
  }
  return steps;
}

describe.each(bodies)("an upload of %s that is read slowly", (_, body) => {
  test("is sent to its end, and then has the full timeout for the headers", async () => {
    const call = await upload(body());
    expect(await readSlowly(call)).toBeGreaterThan(1);
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    await call.reader.until(() => call.reader.read >= bytes);
    call.respond();
    expect(await call.outcome).toBe("ok");
    expect(call.clock.pending).toBe(0);
  });
});

const timeout = { code: "ERR_REISSUE_UPSTREAM_TIMEOUT", delivery: "unknown" };

describe("the time of an upload", () => {
  test.each(bodies)("ends when the upstream stops reading %s", async (_, body) => {
    const call = await upload(body());
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    await call.reader.until(() => call.reader.read >= stepBytes);
    await call.sent.stalled();
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    expect(call.clock.pending).toBe(1);
    await call.clock.advance(1);
    expect(await call.outcome).toMatchObject(timeout);
    expect(call.clock.pending).toBe(0);
  });

  test("ends when the response does not come after everything is read", async () => {
    const call = await upload(content);
    await readSlowly(call);
    await call.reader.until(() => call.reader.read >= bytes);
    await call.clock.advance(limit.attemptTimeoutMs);
    expect(await call.outcome).toMatchObject(timeout);
  });

  test("ends when the source of the body stops", async () => {
    const source = new Readable({ read: () => {} });
    source.push("first");
    const call = await upload(source);
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    source.push("second");
    await vi.waitFor(() => expect(call.sent.bytes).toBe(11), { interval: 2 });
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    expect(call.clock.pending).toBe(1);
    await call.clock.advance(1);
    expect(await call.outcome).toMatchObject(timeout);
  });

  test("ends at the deadline of the call, whatever progress there is", async () => {
    const call = await upload(content, { retry: { ...limit, totalTimeoutMs: 500 } });
    await call.clock.advance(199);
    await call.reader.until(() => call.reader.read >= stepBytes);
    await call.sent.stalled();
    await call.clock.advance(199);
    await call.reader.until(() => call.reader.read >= 2 * stepBytes);
    await call.sent.stalled();
    await call.clock.advance(102);
    expect(await call.outcome).toMatchObject({ ...timeout, reason: "deadline-exceeded" });
  });
});

describe("an upload over HTTP/2", () => {
  const own = certificate();
  const h2 = { allowH2: true, tls: { ca: own.cert } };
  const h2Bytes = 2 ** 20;
  const part = content.subarray(0, h2Bytes);

  /** The same; its flow control lets no more than 64 KiB go unread. */
  async function h2Upload(body: unknown, expectContinue = false) {
    const clock = manualClock();
    const reader = new SlowReader();
    const sent = countSent();
    const go = { respond: () => {}, proceed: () => {} };
    const server = await h2Server(own, (stream) => {
      reader.take(stream);
      go.proceed = () => stream.additionalHeaders({ ":status": 100 });
      go.respond = () => {
        stream.respond({ ":status": 200, "content-length": "2" });
        stream.end("ok");
      };
    });
    const upstream = client({ ...h2, clock, retry: limit });
    const call = { method: "PUT", body, expectContinue } as UpstreamRequestOptions;
    const outcome = upstream
      .request(server.origin, call)
      .then(({ body }) => body.text())
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(reader.taken).toBe(true), { interval: 2 });
    await sent.stalled();
    return { clock, reader, sent, outcome, go };
  }

  const h2Bodies: readonly (readonly [string, () => unknown])[] = [
    ["a string", () => part.toString("latin1")],
    ["a Buffer", () => part],
    ["a Blob", () => new Blob([part])],
    ["a stream of one chunk", () => Readable.from([part])],
  ];

  test.each(h2Bodies)("is sent to its end if %s is read slowly", async (_, body) => {
    const call = await h2Upload(body());
    let steps = 0;
    while (call.sent.bytes < h2Bytes) {
      await call.clock.advance(limit.attemptTimeoutMs - 1);
      const before = call.sent.bytes;
      const target = call.reader.read + 100_000;
      await call.reader.until(
        () => call.reader.read >= target && (call.sent.bytes > before || before >= h2Bytes),
      );
      await call.sent.stalled();
      steps += 1;
    }
    expect(steps).toBeGreaterThan(1);
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    await call.reader.until(() => call.reader.read === h2Bytes);
    call.go.respond();
    expect(await call.outcome).toBe("ok");
    expect(call.clock.pending).toBe(0);
  });

  test.each(h2Bodies)("ends in time if the upstream stops reading %s", async (_, body) => {
    const call = await h2Upload(body());
    await call.clock.advance(limit.attemptTimeoutMs);
    expect(await call.outcome).toMatchObject(timeout);
    expect(call.clock.pending).toBe(0);
  });

  test("has its own time once 100 (Continue) has come", async () => {
    const call = await h2Upload("abc", true);
    expect(call.sent.bytes).toBe(0);
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    call.go.proceed();
    await call.reader.until(() => call.reader.read === 3);
    await call.clock.advance(limit.attemptTimeoutMs - 1);
    call.go.respond();
    expect(await call.outcome).toBe("ok");
  });

  test("ends if 100 (Continue) does not come in time", async () => {
    const call = await h2Upload("abc", true);
    await call.clock.advance(limit.attemptTimeoutMs);
    expect(await call.outcome).toMatchObject(timeout);
    expect(call.sent.bytes).toBe(0);
  });
});
