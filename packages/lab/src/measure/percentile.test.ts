import { expect, test } from "vitest";

import { percentile } from "./percentile.ts";

test.each([
  [[], 0.99, null],
  [[7], 0.99, 7],
  [[3, 1, 2], 0.5, 2],
  [[4, 1, 3, 2], 0.5, 2],
  [[1, 2, 3], 0, 1],
  [[1, 2, 3], 1, 3],
] as const)("the percentile of %o at %s is %s", (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});

test("the nearest rank is taken, and the values keep their order", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentile(values, 0.99)).toBe(99);
  expect(values[0]).toBe(100);
});

test("numbers are sorted as numbers", () => {
  expect(percentile([9, 10, 11], 1)).toBe(11);
});
