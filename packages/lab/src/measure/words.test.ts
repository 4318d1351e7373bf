import { expect, test } from "vitest";

import { durationInWords, inWords, percentInWords } from "./words.ts";

test.each([
  [0, "0"],
  [0.0456, "0.046"],
  [3.456, "3.5"],
  [9.99, "10"],
  [10.4, "10"],
  [3_456, "3,456"],
  [1_234_567, "1,234,567"],
])("the number %s is written as %s", (value, text) => {
  expect(inWords(value)).toBe(text);
});

test.each([
  [0.0042, "4.2 ms"],
  [0.5, "500 ms"],
  [25, "25 s"],
  [60, "1 min"],
  [90, "1 min 30 s"],
  [25_000, "6 h 56 min"],
  [86_400, "1 d"],
  [100_000, "1 d 3 h"],
  [Infinity, "never"],
])("a duration of %s s is written as %s", (seconds, text) => {
  expect(durationInWords(seconds)).toBe(text);
});

test.each([
  [0, "0 %"],
  [0.04, "4 %"],
  [0.123, "12 %"],
  [4e-6, "0.0004 %"],
  [1, "100 %"],
])("the share %s is written as %s", (share, text) => {
  expect(percentInWords(share)).toBe(text);
});
