import { manualClock } from "@reissue/testing";
import { expect, test } from "vitest";

import type { Clock } from "../../common/clock.ts";
import { claimCounts } from "../../diagnostics/idempotency-event.ts";
import { StoreRetries } from "./store-retries.ts";

/** Whether the process may end before an end of a claim is repeated. */
function isLeft(operation: "complete" | "release", holdsProcess: boolean): unknown {
  const background: unknown[] = [];
  const clock: Clock = {
    ...manualClock(),
    setTimeout: (_callback, _delayMs, options) => background.push(options?.background),
  };
  const counts = claimCounts();
  const retries = new StoreRetries({
    clock,
    storeTimeoutMs: 100,
    windowMs: 1000,
    holdsProcess,
    counts,
  });
  retries.repeat({ id: "id", fence: 1, operation, call: () => true });
  return background[0];
}

test.each([
  ["complete", true, false],
  ["complete", false, true],
  // The lease frees the key as well.
  ["release", true, true],
] as const)("the retries of a process (%s, %s) may end early: %s", (operation, holds, may) => {
  expect(isLeft(operation, holds)).toBe(may);
});
