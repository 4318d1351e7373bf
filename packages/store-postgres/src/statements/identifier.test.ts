import { describe, expect, test } from "vitest";

import { identifier } from "./identifier.ts";

describe("a name of a table", () => {
  test.each([
    ["reissue", '"reissue"'],
    ["Two Words", '"Two Words"'],
    [`a"b`, `"a""b"`],
    [`"; DROP TABLE x; --`, `"""; DROP TABLE x; --"`],
    ["ключ", '"ключ"'],
    ["x".repeat(63), `"${"x".repeat(63)}"`],
  ])("is quoted: %s", (name, quoted) => {
    expect(identifier(name, "table")).toBe(quoted);
  });
});

describe("a value that cannot be a name", () => {
  test.each([
    ["", 'table must be a name, got ""'],
    [7, "table must be a name, got 7"],
    [null, "table must be a name, got null"],
    ["a\0b", "table must have neither NUL characters nor lone surrogates"],
    ["\ud800", "table must have neither NUL characters nor lone surrogates"],
    ["x".repeat(64), "table must have 63 bytes at most, got 64"],
    ["é".repeat(32), "table must have 63 bytes at most, got 64"],
  ])("is refused: %j", (name, message) => {
    expect(() => identifier(name, "table")).toThrow(message);
  });
});
