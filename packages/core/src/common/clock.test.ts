import { expect, test } from "vitest";

import { systemClock } from "./clock.ts";
import { maxTimerMs } from "./option.ts";

test("a timer of the system clock never fires before its time", async () => {
  const delays = Array.from({ length: 400 }, (_, index) => 1 + (index % 100) / 9);
  const early = await Promise.all(
    delays.map(async (delayMs, index) => {
      // At many places within a millisecond.
      await new Promise((resolve) => setImmediate(resolve));
      const startedAtMs = systemClock.now();
      await new Promise<void>((resolve) => {
        for (let spin = 0; spin < index * 10; spin += 1) Math.sqrt(spin);
        systemClock.setTimeout(resolve, delayMs);
      });
      return delayMs - (systemClock.now() - startedAtMs);
    }),
  );
  expect(Math.max(...early)).toBeLessThanOrEqual(0);
});

test("the longest delay does not overflow into the shortest", async () => {
  let fired = false;
  const timer = systemClock.setTimeout(() => (fired = true), maxTimerMs);
  // real time: the system clock itself is under test
  await new Promise((resolve) => setTimeout(resolve, 20));
  systemClock.clearTimeout(timer);
  expect(fired).toBe(false);
});
