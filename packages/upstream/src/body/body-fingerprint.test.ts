import { Readable } from "node:stream";

import { expect, test } from "vitest";

import { bodyFingerprint } from "./body-fingerprint.ts";
import { classifyBody } from "./body-kind.ts";
import { unchanging } from "./unchanging.ts";

function fingerprintOf(body: unknown): string | null {
  const kind = classifyBody(body);
  return bodyFingerprint(unchanging(body, kind), kind);
}

function form(entries: readonly (readonly [string, string | Blob])[]): FormData {
  const made = new FormData();
  for (const [name, value] of entries) {
    if (typeof value === "string") made.append(name, value);
    else made.append(name, value);
  }
  return made;
}

const bytes = new Uint8Array([33, 97, 98, 99, 33]);
const file = new File(["abc"], "a.txt");

test.each<[string, unknown[]]>([
  [
    "bytes",
    [
      "abc",
      Buffer.from("abc"),
      bytes.subarray(1, 4),
      new DataView(bytes.buffer, 1, 3),
      bytes.buffer.slice(1, 4),
    ],
  ],
  ["nothing", [undefined, null, "", Buffer.alloc(0)]],
  ["parameters", [new URLSearchParams("a=b&c=d"), new URLSearchParams([["a", "b"], ["c", "d"]])]], // prettier-ignore
  ["a Blob", [file, file]],
  ["a form", [form([["a", "b"], ["f", file]]), form([["a", "b"], ["f", file]])]], // prettier-ignore
])("the fingerprint is the same for the same %s", (_, bodies) => {
  expect(new Set(bodies.map((body) => fingerprintOf(body))).size).toBe(1);
  expect(fingerprintOf(bodies[0])).toBeTypeOf("string");
});

test("the fingerprint differs for any other body", () => {
  const bodies = [
    "",
    "abc",
    "abd",
    "blob 1:",
    new Uint16Array([97, 98]),
    new Blob(["abc"]),
    new Blob(["abc"]),
    form([]),
    form([["a", "b"]]),
    form([["ab", ""]]),
    form([
      ["a", "b"],
      ["a", "b"],
    ]),
    form([["f", new File(["abc"], "a.txt")]]),
    form([["f", new File(["abc"], "a.txt")]]),
    form([["f", "abc"]]),
  ];
  expect(new Set(bodies.map((body) => fingerprintOf(body))).size).toBe(bodies.length);
});

test.each([
  ["a factory", () => "abc"],
  ["a Node stream", Readable.from(["abc"])],
  ["a web stream", new Blob(["abc"]).stream()],
  ["an array of chunks", ["abc"]],
])("the fingerprint of %s cannot be computed", (_, body) => {
  expect(fingerprintOf(body)).toBeNull();
});
