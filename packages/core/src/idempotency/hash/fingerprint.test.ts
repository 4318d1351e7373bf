import { isDeepStrictEqual } from "node:util";

import fc from "fast-check";
import { expect, test } from "vitest";

import { fingerprint } from "./fingerprint.ts";
import { recordId } from "./record-id.ts";

const parts = {
  method: "POST",
  path: "/pay?a=1",
  contentType: "text/plain",
  body: Buffer.from("x"),
};

test("the same request has the same fingerprint, which fits a column of a store", () => {
  expect(fingerprint(parts)).toBe(fingerprint({ ...parts, body: new Uint8Array([120]) }));
  expect(fingerprint(parts)).toMatch(/^[\w-]{43}$/);
});

test.each([
  { method: "PUT" },
  { path: "/pay?a=2" },
  { contentType: "text/html" },
  { body: Buffer.from("y") },
  { path: "/pay?a=1text", contentType: "/plain" },
  { path: "/pay?a=1\n10:text/plain", contentType: "" },
])("a different request has a different fingerprint: %j", (other) => {
  expect(fingerprint({ ...parts, ...other })).not.toBe(fingerprint(parts));
});

test("two different requests never have the same frame, wherever a part ends", () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  const request = fc.record({
    method: text,
    path: text,
    contentType: text,
    body: text.map((it) => Buffer.from(it, "utf16le")),
  });
  fc.assert(
    fc.property(request, request, (a, b) => {
      const isSame = Object.values(a).join("|") === Object.values(b).join("|");
      if (!isSame) expect(fingerprint(a)).not.toBe(fingerprint(b));
    }),
  );
});

test("the fingerprint differs if any part differs by a single byte or half a character", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\ud800", "\ud801", "\ufffd", "\u00e9", "e\u0301", "\n1:", ""),
  );
  const body = fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes));
  const request = fc.record({ method: text, path: text, contentType: text, body });
  const others = fc.oneof(
    fc.record({ method: text }),
    fc.record({ path: text }),
    fc.record({ contentType: text }),
    fc.record({ body }),
  );
  fc.assert(
    fc.property(request, others, (one, part) => {
      const other = { ...one, ...part };
      const isSame = isDeepStrictEqual({ ...one }, other);
      if (!isSame) expect(fingerprint(other)).not.toBe(fingerprint(one));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["bodies that are no text", { body: Buffer.from([0xff]) }, { body: Buffer.from([0xfe]) }],
  ["halves of characters", { path: "\ud800" }, { path: "\ud801" }],
])("the fingerprint distinguishes %s", (_, one, other) => {
  expect(fingerprint({ ...parts, ...one })).not.toBe(fingerprint({ ...parts, ...other }));
});

test("a long body differs from a short one, even if their texts agree in UTF-8", () => {
  for (const length of [2048, 2049, 4095, 4096]) {
    const body = Buffer.alloc(length, 0xe9);
    const other = Buffer.from(body.toString("latin1"));
    expect(fingerprint({ ...parts, body: other })).not.toBe(fingerprint({ ...parts, body }));
  }
});

test.each([4096, 4097])("a body of %i bytes differs from one with another last byte", (length) => {
  const body = Buffer.alloc(length, "b");
  const other = Buffer.concat([body.subarray(1), Buffer.from("c")]);
  expect(fingerprint({ ...parts, body: other })).not.toBe(fingerprint({ ...parts, body }));
});

test("scope and key of a record are framed as well", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (scope, middle, key) => {
      expect(recordId(scope + middle, key)).not.toBe(recordId(scope, middle + key));
    }),
  );
});
