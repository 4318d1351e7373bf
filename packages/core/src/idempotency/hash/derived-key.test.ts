import fc from "fast-check";
import { expect, test } from "vitest";

import { derivedKey } from "./derived-key.ts";
import { parseIdempotencyKey } from "../key/key.ts";

// Few characters, and those that a naive framing uses, so that collisions of the framing would be found.
const pieces = fc.constantFrom(
  "",
  "a",
  ":",
  "/",
  "\0",
  "1",
  '"',
  ",",
  "|",
  "é",
  "\ud800",
  "\ud801",
);
const part = fc.array(pieces, { maxLength: 4 }).map((some) => some.join(""));
const parts = fc.record({ scope: part, key: part, origin: part, method: part, step: part });

test("the derivation is pinned, because a change would run every retry twice", () => {
  const call = { origin: "http://payments:3000", method: "POST", step: "charge" };
  expect(derivedKey({ scope: "user 1", key: "8e03978e", ...call })).toBe(
    "3bccc8d0-9b8a-826f-91c2-02821e8b304f",
  );
});

test("a derived key is a UUID of version 8, and a valid key in both syntaxes", () => {
  fc.assert(
    fc.property(parts, (each) => {
      const key = derivedKey(each);
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(parseIdempotencyKey(key, { syntax: "lenient" })).toEqual({ ok: true, key });
      expect(parseIdempotencyKey(`"${key}"`, { syntax: "strict" })).toEqual({ ok: true, key });
    }),
  );
});

test("two derivations agree exactly if all their parts agree", () => {
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const names = ["scope", "key", "origin", "method", "step"] as const;
      const same = names.every((name) => one[name] === other[name]);
      expect(derivedKey(one) === derivedKey(other)).toBe(same);
      expect(derivedKey({ ...one })).toBe(derivedKey(one));
    }),
    { numRuns: 300 },
  );
});

test("text cannot move from one part to another", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      const keys = new Set<string>();
      for (let from = 0; from <= text.length; from += 1) {
        for (let to = from; to <= text.length; to += 1) {
          const [scope, key, step] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
          keys.add(derivedKey({ scope, key, origin: "http://a", method: "POST", step }));
        }
      }
      expect(keys.size).toBe(((text.length + 1) * (text.length + 2)) / 2);
    }),
  );
});
