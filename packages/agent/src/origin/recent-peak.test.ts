import { expect, test } from "vitest";

import { RecentPeak } from "./recent-peak.ts";

test("the peak is remembered for ten to twenty seconds", () => {
  const peak = new RecentPeak();
  expect(peak.value(0)).toBe(0);
  peak.add(100, 1000);
  peak.add(40, 2000);
  expect(peak.value(9000)).toBe(100);
  peak.add(60, 11_000);
  expect(peak.value(19_000)).toBe(100);
  expect(peak.value(21_500)).toBe(60);
  expect(peak.value(60_000)).toBe(0);
});
