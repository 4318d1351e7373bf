import fc from "fast-check";
import { expect, test } from "vitest";

import { fullJitter } from "./back-off.ts";
import { defaultPolicy } from "./retry-options.ts";

const largest = 1 - 2 ** -53;

test.each([
  [0, 50],
  [1, 100],
  [2, 200],
  [5, 1600],
  [6, 2000],
  [100, 2000],
  [5000, 2000], // 2 ** 5000 is Infinity
])("the delay after %i resends is less than %i ms", (resends, boundMs) => {
  expect(fullJitter(resends, defaultPolicy.backOff, 0)).toBe(0);
  expect(fullJitter(resends, defaultPolicy.backOff, 0.5)).toBe(boundMs / 2);
  expect(fullJitter(resends, defaultPolicy.backOff, largest)).toBeLessThan(boundMs);
});

test("a base or a cap of 0 means no delay", () => {
  expect(fullJitter(3, { baseMs: 0, capMs: 2000 }, largest)).toBe(0);
  expect(fullJitter(3, { baseMs: 50, capMs: 0 }, largest)).toBe(0);
});

test("the delay grows with the draw and with the number of resends, up to the cap", () => {
  const draws = fc.double({ min: 0, max: largest, noNaN: true });
  const durations = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(fc.nat(2000), durations, durations, draws, draws, (n, baseMs, capMs, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const backOff = { baseMs, capMs };
      expect(fullJitter(n, backOff, low)).toBeLessThanOrEqual(fullJitter(n, backOff, high));
      expect(fullJitter(n, backOff, high)).toBeLessThanOrEqual(fullJitter(n + 1, backOff, high));
      expect(fullJitter(n, backOff, high)).toBeLessThan(capMs);
    }),
  );
});
