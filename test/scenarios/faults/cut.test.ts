import { describe } from "vitest";

import { cells } from "./report/table-cell.ts";
import type { Row } from "./report/table-row.ts";

/** Nothing has been given to the caller: as good as no answer at all. */
const held = {
  retrySafe: { failed: "rare", as: { unknown: "attempts-exhausted" } },
  unsafe: { failed: "struck", as: { unknown: "not-retry-safe" } },
} as const;

/** The caller has the beginning of an answer, and so can be given no other. */
const started = {
  retrySafe: { failed: "struck", as: { delivered: "response-started" } },
  unsafe: { failed: "struck", as: { delivered: "response-started" } },
} as const;

/** The default of `holdBytes`: the longest answer that is held until it is whole. */
const holdBytes = 65_536;

const rows: readonly Row[] = [
  {
    name: "cut mid-headers",
    upstream: {
      faults: [
        { fault: "cut-headers", with: "rst", probability: 0.05 },
        { fault: "cut-headers", with: "fin", probability: 0.05 },
      ],
    },
    ...held,
  },
  {
    name: "cut mid-body of a response of at most 64 KiB",
    upstream: {
      answer: { bytes: (number) => (number % 16 === 0 ? holdBytes : 500) },
      faults: [
        { fault: "cut-body", with: "rst", probability: 0.05 },
        { fault: "cut-body", with: "fin", probability: 0.05 },
      ],
    },
    retrySafe: held.retrySafe,
    // What must not be resent is not held either.
    unsafe: started.unsafe,
  },
  {
    name: "cut mid-body of a longer response",
    upstream: {
      answer: { bytes: () => holdBytes + 1 },
      faults: [
        { fault: "cut-body", with: "rst", probability: 0.05 },
        { fault: "cut-body", with: "fin", probability: 0.05 },
      ],
    },
    calls: { 16: 1000, 1: 500 },
    ...started,
  },
  {
    name: "cut mid-body of a chunked response",
    upstream: {
      answer: { chunked: true, bytes: () => 500 },
      faults: [
        { fault: "cut-chunked", with: "rst", probability: 0.05 },
        { fault: "cut-chunked", with: "fin", probability: 0.05 },
      ],
    },
    ...started,
  },
];

describe.each(rows)("$name", (row) => {
  cells(row);
});
