import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { keyProblemText, maxKeyLength, parseIdempotencyKey, type KeyProblem } from "./key.ts";

const lenient = (value: string) => parseIdempotencyKey(value, { syntax: "lenient" });
const strict = (value: string) => parseIdempotencyKey(value, { syntax: "strict" });
const quoted = (key: string) => `"${key.replace(/["\\]/g, String.raw`\$&`)}"`;

const uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const bareKeys = fc.stringMatching(/^[!#-+\--~]{1,255}$/);
const anyText = fc
  .array(fc.nat(0x1ff), { maxLength: 400 })
  .map((codes) => String.fromCharCode(...codes));
const anyKeys = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: maxKeyLength });

describe("keys", () => {
  test.each([
    [uuid, uuid],
    [`"${uuid}"`, uuid],
    [`  ${uuid} `, uuid],
    [`  "${uuid}" `, uuid],
    ["k", "k"],
    ["k;a=1", "k;a=1"],
    ['"k";a=1', "k"],
    [String.raw`a\b`, String.raw`a\b`],
    [String.raw`"a\\b"`, String.raw`a\b`],
    ["'k'", "'k'"],
    ['"a, b"', "a, b"],
    ['" "', " "],
    ["x".repeat(255), "x".repeat(255)],
    [`"${"x".repeat(255)}"`, "x".repeat(255)],
    [`"${String.raw`\"`.repeat(255)}"`, '"'.repeat(255)],
  ])("%j is accepted in the lenient syntax", (value, key) => {
    expect(lenient(value)).toEqual({ ok: true, key });
  });

  test("a key is the same with and without quotes", () => {
    fc.assert(
      fc.property(bareKeys, (key) => {
        expect(lenient(key)).toEqual({ ok: true, key });
        expect(lenient(quoted(key))).toEqual({ ok: true, key });
        expect(strict(quoted(key))).toEqual({ ok: true, key });
        expect(strict(key)).toMatchObject({ ok: false, problem: "not-a-string", position: 0 });
      }),
    );
  });

  test("the strict syntax accepts exactly what the lenient syntax accepts with quotes", () => {
    const values = fc.oneof(fc.string(), fc.stringMatching(/^ ?"[ -~]{0,20}"?;?[ -~]{0,9}$/));
    fc.assert(
      fc.property(values, (value) => {
        if (value.trimStart().startsWith('"')) expect(strict(value)).toEqual(lenient(value));
        else expect(strict(value).ok).toBe(false);
      }),
    );
  });
});

describe("malformed keys", () => {
  const cases: [string, KeyProblem, number][] = [
    ["", "empty", 0],
    ["   ", "empty", 3],
    ['""', "empty", 1],
    [' "" ', "empty", 2],
    ['"abc', "unterminated", 4],
    ['"', "unterminated", 1],
    [String.raw`"abc\"`, "unterminated", 6],
    [String.raw`"abc\ `, "invalid-escape", 5],
    [String.raw`"a\b"`, "invalid-escape", 3],
    ['abc"', "invalid-character", 3],
    ['a"b"c', "invalid-character", 1],
    ["a b", "invalid-character", 1],
    ["a\tb", "invalid-character", 1],
    ["a\u0000", "invalid-character", 1],
    ["a\u007f", "invalid-character", 1],
    ["clé", "invalid-character", 2],
    ["\ud800", "invalid-character", 0],
    ['"clé"', "invalid-character", 3],
    ['"a\tb"', "invalid-character", 2],
    ['"k"x', "trailing-characters", 3],
    ['"k" x', "trailing-characters", 4],
    ['"k""k"', "trailing-characters", 3],
    ['"k";', "invalid-parameter", 4],
    ["k, k", "repeated", 1],
    ["k , k", "repeated", 2],
    [`${uuid}, ${uuid}`, "repeated", 36],
    ['"k", "k"', "repeated", 3],
    ['"k";a, "k"', "repeated", 5],
    ["x".repeat(256), "too-long", 255],
    [`"${"x".repeat(256)}"`, "too-long", 256],
    [`"${String.raw`\"`.repeat(256)}"`, "too-long", 512],
  ];

  test.each(cases)("%j is %s at %i in the lenient syntax", (value, problem, position) => {
    expect(lenient(value)).toEqual({ ok: false, problem, position });
  });

  test.each(cases)("%j is refused in the strict syntax as well", (value) => {
    expect(strict(value).ok).toBe(false);
  });

  test("a repeated header is never a key", () => {
    const lines = fc.oneof(bareKeys, anyKeys.map(quoted));
    fc.assert(
      fc.property(lines, lines, (first, second) => {
        expect(lenient(`${first}, ${second}`)).toMatchObject({ ok: false });
        expect(strict(`${first}, ${second}`)).toMatchObject({ ok: false });
        expect(lenient(`${first}, ${first}`)).toMatchObject({ ok: false });
      }),
    );
  });

  test("a truncated quoted key is never a key", () => {
    fc.assert(
      fc.property(anyKeys, fc.nat(), (key, at) => {
        const value = quoted(key);
        expect(lenient(value.slice(0, at % value.length)).ok).toBe(false);
      }),
    );
  });

  test("every problem has a sentence, and no sentence repeats the key", () => {
    for (const text of Object.values(keyProblemText)) expect(text).toMatch(/^[A-Z].*[^.]$/);
    expect(new Set(cases.map(([, problem]) => problem)).size).toBe(
      Object.keys(keyProblemText).length - 1, // not-a-string is strict's alone
    );
  });
});

test("any value is a key of 1 to 255 characters, or has a problem at a position in the value", () => {
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, opened) => {
      const value = opened ? `"${text}` : text;
      for (const parsed of [lenient(value), strict(value)]) {
        if (parsed.ok) expect(parsed.key).toMatch(/^[ -~]{1,255}$/);
        else expect(value.length - parsed.position).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test.each([
  ["bare", "x".repeat(2 ** 18)],
  ["spaces", " ".repeat(2 ** 18)],
  ["spaces, then a key", `${" ".repeat(2 ** 18)}k`],
  ["spaces within", `k${" ".repeat(2 ** 18)}k`],
  ["quoted", `"${"x".repeat(2 ** 18)}"`],
  ["escapes", `"${"\\".repeat(2 ** 18)}"`],
  ["parameters", `"k"${";a=1".repeat(2 ** 16)}`],
  ["open strings", `"k"${';a="'.repeat(2 ** 16)}`],
  ["digits", `"k";a=${"1".repeat(2 ** 18)}`],
  ["bytes", `"k";a=:${"A".repeat(2 ** 18)}`],
  ["display string", `"k";a=%"${"%ff".repeat(2 ** 16)}"`],
  ["spaces before parameters", `"k"${`;${" ".repeat(2 ** 9)}a`.repeat(2 ** 9)}`],
])("a value of 256 KiB takes linear time: %s", (_, value) => {
  const started = performance.now();
  lenient(value);
  strict(value);
  // A quadratic scan of 2¹⁸ characters takes a minute, a linear one some milliseconds.
  expect(performance.now() - started).toBeLessThan(2000);
});
