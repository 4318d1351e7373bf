import { expect, test } from "vitest";

import { RecentPeak } from "./recent-peak.ts";

test("holds the highest value, which counts half after ten seconds", () => {
  const peak = new RecentPeak();
  expect(peak.value(0)).toBe(0);
  peak.add(100, 1000);
  peak.add(40, 2000);
  expect(peak.value(11_000)).toBeCloseTo(50);
  peak.add(60, 11_000);
  expect(peak.value(11_000)).toBe(60);
  expect(peak.value(71_000)).toBeLessThan(1);
});
