import { expect, test } from "vitest";

import { inSlices, slices } from "./slices.ts";

const text = "äbc".repeat(50_000);
const bytes = Buffer.from(text);

async function read(content: Iterable<unknown> | AsyncIterable<unknown>): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk as Uint8Array));
  return chunks;
}

test.each<[string, unknown, string | null]>([
  ["a string", text, null],
  ["a Buffer", bytes, null],
  ["a view of 16 bits", new Uint16Array(new Uint8Array(bytes).buffer), null],
  ["an ArrayBuffer", new Uint8Array(bytes).buffer, null],
  ["a Blob", new Blob([text], { type: "text/plain" }), "text/plain"],
])("%s is cut into slices of 64 KiB", async (_, body, type) => {
  const sliced = inSlices(body);
  expect(sliced).toMatchObject({ length: bytes.byteLength, type });
  const chunks = await read(sliced!.content);
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  expect(chunks.map(({ length }) => length)).toEqual([65_536, 65_536, 65_536, 3392]);
});

test.each<[string, unknown]>([
  ["nothing", null],
  ["a short string", "a".repeat(65_536)],
  ["a short string of many bytes", "ä".repeat(32_768)],
  ["short bytes", Buffer.alloc(65_536)],
  ["a short Blob", new Blob(["a".repeat(65_536)])],
  ["a generator", slices("a")],
  ["an object", {}],
])("a short body or a source stays as it is: %s", (_, body) => {
  expect(inSlices(body)).toBeNull();
});

test("a chunk is measured in bytes", () => {
  expect([...slices("abc")]).toEqual(["abc"]);
  expect([...slices("ä".repeat(32_769))].map((each) => each.length)).toEqual([65_536, 2]);
});
