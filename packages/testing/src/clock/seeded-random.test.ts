import { expect, test } from "vitest";
import { drawAt, seededRandom } from "./seeded-random.ts";

test("a draw by position does not depend on earlier draws, and streams differ", () => {
  const stream = (seed: number, rule: number): number[] =>
    Array.from({ length: 20 }, (_, index) => drawAt(seed, rule, index));
  expect(stream(1, 0)).toEqual(stream(1, 0));
  expect(drawAt(1, 0, 19)).toBe(stream(1, 0)[19]);
  expect(new Set([...stream(1, 0), ...stream(1, 1), ...stream(2, 0)]).size).toBe(60);
});

test.each([0, 1, -1, 123_456_789, 2 ** 31, 2 ** 40 + 3])(
  "the draws of seed %d are evenly spread",
  (seed) => {
    const random = seededRandom(seed);
    const drawn = Array.from({ length: 20_000 }, random);
    const placed = Array.from({ length: 20_000 }, (_, index) => drawAt(seed, 3, index));
    for (const values of [drawn, placed]) {
      const counts = Array.from({ length: 10 }, () => 0);
      for (const value of values)
        counts[Math.floor(value * 10)] = (counts[Math.floor(value * 10)] ?? 0) + 1;
      for (const count of counts) expect(Math.abs(count - 2_000)).toBeLessThan(250);
    }
  },
);
