import { describe } from "vitest";

import { cells } from "./report/table-cell.ts";
import type { Row } from "./report/table-row.ts";

/** Three attempts at 10 %. */
const rare = { failed: "rare", as: { unknown: "attempts-exhausted" } } as const;

/** Each answer ends its connection, so that every attempt is made on a fresh one. */
const alwaysFresh = { answer: { close: true } };

const rows: readonly Row[] = [
  {
    name: "fresh reset",
    upstream: { ...alwaysFresh, faults: [{ fault: "reset", on: "fresh", probability: 0.1 }] },
    retrySafe: rare,
    unsafe: { failed: "struck", as: { unknown: "not-retry-safe" } },
  },
  {
    name: "reset with the body on its way, on a fresh or a reused socket",
    upstream: { faults: [{ fault: "reset", at: "body-end", probability: 0.1 }] },
    retrySafe: rare,
    unsafe: { failed: "struck", as: { stale: "not-retry-safe", unknown: "not-retry-safe" } },
  },
  {
    name: "processed, then reset, on a reused socket",
    upstream: {
      faults: [{ fault: "reset", when: "after-processing", on: "reused", probability: 0.1 }],
    },
    retrySafe: { failed: "none" },
    unsafe: { failed: "struck", as: { stale: "not-retry-safe", unknown: "not-retry-safe" } },
  },
  {
    name: "processed, then reset, on a fresh socket",
    upstream: {
      ...alwaysFresh,
      faults: [{ fault: "reset", when: "after-processing", on: "fresh", probability: 0.1 }],
    },
    retrySafe: rare,
    unsafe: { failed: "struck", as: { unknown: "not-retry-safe" } },
  },
];

describe.each(rows)("$name", (row) => {
  cells(row);
});
