import { expect, test } from "vitest";

import type { Measure, Sample } from "./measure.ts";
import { summary } from "./summary.ts";

const none: Measure = { calls: 0, failed: 0, twice: 0, resends: 0, p99Ms: null };
const sample: Sample = {
  atMs: 5_000,
  of: {
    fetch: { calls: 1_000, failed: 40, twice: 0, resends: 0, p99Ms: 12 },
    "axios-retry": { calls: 900, failed: 0, twice: 31, resends: 36, p99Ms: 14 },
    "retry-agent": { calls: 900, failed: 0, twice: 0, resends: 36, p99Ms: 524 },
    reissue: none,
  },
};

test("the summary says what happened to each client", () => {
  expect(summary(sample, { method: "POST" } as never).trim()).toBe(
    "fetch lost 40 of 1,000 calls (4 %). " +
      "axios-retry lost none of 900 calls, sent 36 again, and had 31 done twice. " +
      "RetryAgent lost none of 900 calls, sent 36 again; one call in 100 took 524 ms or more.",
  );
});

test("the summary does not mention harmless repeats", () => {
  expect(summary(sample, { method: "PUT" } as never)).not.toContain("twice");
});
