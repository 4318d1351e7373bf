import { Readable } from "node:stream";

import { describe, expect, test } from "vitest";

import { classifyBody, isReadOnce } from "./body-kind.ts";
import { IterableSource } from "./source/iterable-source.ts";
import { unchanging } from "./unchanging.ts";

const oldStream = { pipe: () => {}, on: () => {}, [Symbol.toStringTag]: "FormData" };

describe("classifyBody", () => {
  test.each([
    [null, "none"],
    [undefined, "none"],
    ["", "text"],
    ["text", "text"],
    [new Uint8Array(2), "bytes"],
    [new ArrayBuffer(2), "bytes"],
    [new DataView(new ArrayBuffer(2)), "bytes"],
    [new URLSearchParams("a=1"), "parameters"],
    [new Blob(["a"]), "blob"],
    [new FormData(), "form"],
    [() => "body", "factory"],
    [new IterableSource(["a"]), "source"],
    [new Readable(), "node-stream"],
    [oldStream, "node-stream"],
    [new ReadableStream(), "web-stream"],
    [["a"], "iterable"],
    [Readable.from("a").iterator(), "iterable"],
    [7, "other"],
    [{}, "other"],
  ])("returns for %o the kind %s", (value, kind) => {
    expect(classifyBody(value)).toBe(kind);
  });

  test.each([new Uint8Array(2), new URLSearchParams("a=1"), new FormData(), "text", new Blob([])])(
    "returns for the unchanging copy of %o the kind of its original",
    (value) => {
      const kind = classifyBody(value);
      expect(classifyBody(unchanging(value, kind))).toBe(kind);
    },
  );
});

describe("isReadOnce", () => {
  test("is true for sources, streams and iterables", () => {
    const kinds = ["source", "node-stream", "web-stream", "iterable"] as const;
    expect(kinds.every(isReadOnce)).toBe(true);
  });

  test("is false for everything else", () => {
    const kinds = ["none", "text", "bytes", "parameters", "blob", "form", "factory"] as const;
    expect(kinds.some(isReadOnce)).toBe(false);
  });
});
