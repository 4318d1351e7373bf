import { createHash } from "node:crypto";

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

test("it is the same for the same request, and fits a store's column", () => {
  expect(fingerprint(parts)).toBe(fingerprint({ ...parts, body: new Uint8Array([120]) }));
  expect(fingerprint(parts)).toMatch(/^[\w-]{43}$/);
});

test.each([
  { method: "PUT" },
  { path: "/pay?a=2" },
  { contentType: "text/html" },
  { body: Buffer.from("y") },
  { path: "/pay?a=1text", contentType: "/plain" },
])("it is another for another request: %j", (other) => {
  expect(fingerprint({ ...parts, ...other })).not.toBe(fingerprint(parts));
});

test("no two requests are framed alike, wherever one part ends", () => {
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

test("a body that is too long for the scratch memory is hashed as a short one is", () => {
  for (const length of [0, 1, 3800, 3900, 4000, 4096, 5000]) {
    const body = Buffer.alloc(length, "b");
    const frame = "reissue request fingerprint 1\n4:POST\n8:/pay?a=1\n10:text/plain";
    const expected = createHash("sha256").update(frame).update(body).digest("base64url");
    expect(fingerprint({ ...parts, body })).toBe(expected);
  }
});

test("scope and key of a record are framed too", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), (scope, middle, key) => {
      expect(recordId(scope + middle, key)).not.toBe(recordId(scope, middle + key));
    }),
  );
});
