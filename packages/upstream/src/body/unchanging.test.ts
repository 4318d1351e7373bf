import { Readable } from "node:stream";

import { expect, test } from "vitest";

import { classifyBody } from "./body-kind.ts";
import { CopiedBytes } from "./copied-bytes.ts";
import { FormEntries } from "./form/form-entries.ts";
import { unchanging } from "./unchanging.ts";
import { resizableBuffer } from "../../../../test/support/resizable-buffer.ts";

test.each<[string, unknown]>([
  ["nothing", null],
  ["a string", "abc"],
  ["a Blob", new Blob(["abc"])],
  ["a stream", Readable.from(["abc"])],
  ["a factory", () => "abc"],
  ["an array of chunks", ["abc"]],
  ["bytes that were copied", new CopiedBytes(Buffer.from("abc"))],
  ["the entries of a form", new FormEntries([])],
])("%s is not copied", (_, body) => {
  expect(unchanging(body, classifyBody(body))).toBe(body);
});

function bytes(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([33, 97, 98, 99, 100, 33]);
}
const shared = new SharedArrayBuffer(6);
new Uint8Array(shared).set(bytes());
const resizable = resizableBuffer(6, 8);
new Uint8Array(resizable).set(bytes());

test.each<[string, ArrayBuffer | ArrayBufferView]>([
  ["a Buffer", Buffer.from("abcd")],
  ["a view with an offset", bytes().subarray(1, 5)],
  ["wide elements", new Uint16Array(bytes().slice(1, 5).buffer)],
  ["a DataView", new DataView(bytes().buffer, 1, 4)],
  ["an ArrayBuffer", bytes().buffer.slice(1, 5)],
  ["a view of shared memory", new Uint8Array(shared, 1, 4)],
  ["a view of a resizable buffer", new Uint8Array(resizable, 1, 4)],
])("the bytes of %s are copied", (_, given) => {
  const { bytes: copy } = unchanging(given, "bytes") as CopiedBytes;
  if (ArrayBuffer.isView(given)) new Uint8Array(given.buffer, given.byteOffset, 4).fill(120);
  else new Uint8Array(given).fill(120);
  expect(Buffer.from(copy).toString()).toBe("abcd");
});

test("an empty or transferred buffer has no bytes", () => {
  const transferred = new Uint8Array(4);
  structuredClone(transferred.buffer, { transfer: [transferred.buffer] });
  for (const given of [transferred, transferred.buffer, new Uint8Array(), new ArrayBuffer(0)]) {
    expect((unchanging(given, "bytes") as CopiedBytes).bytes).toHaveLength(0);
  }
});
