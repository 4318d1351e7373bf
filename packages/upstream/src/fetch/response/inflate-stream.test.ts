import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, deflateRawSync, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";

import { InflateStream } from "./inflate-stream.ts";

const text = "again and ".repeat(1000);
const formats = { zlib: deflateSync(text), raw: deflateRawSync(text) };
const lenient = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

/** Inflates chunks as a response's body is: in a pipeline. */
async function inflated(chunks: readonly Buffer[]): Promise<string> {
  const parts: Buffer[] = [];
  await pipeline(Readable.from(chunks), new InflateStream(lenient), async (output) => {
    for await (const part of output) parts.push(part as Buffer);
  });
  return Buffer.concat(parts).toString();
}

describe.each(Object.entries(formats))("a body in the %s format", (_format, bytes) => {
  test.each([
    ["in one chunk", [bytes]],
    ["byte by byte", [...bytes].map((byte) => Buffer.from([byte]))],
    ["with more bytes in its last chunk", [Buffer.concat([bytes, Buffer.from("more")])]],
    ["with more bytes in a chunk of their own", [bytes, Buffer.from("more")]],
    ["with many more bytes", [bytes, ...Array.from({ length: 40 }, () => Buffer.alloc(16_384))]],
  ])("is inflated %s", async (_how, chunks) => {
    expect(await inflated(chunks)).toBe(text);
  });

  test("is inflated as far as it came if its end is missing", async () => {
    const result = await inflated([bytes.subarray(0, bytes.length - 8)]);
    expect(text.startsWith(result)).toBe(true);
  });
});

test("a body in another format fails", async () => {
  await expect(inflated([Buffer.from("not deflated at all")])).rejects.toThrow();
});
