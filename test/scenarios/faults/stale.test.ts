import { describe } from "vitest";

import { cells } from "./report/table-cell.ts";
import type { Row } from "./report/table-row.ts";

/** A socket that had served before dies under a request, before any byte of an answer; a busy machine notices late. */
const stale = {
  retrySafe: { failed: "none" },
  unsafe: { failed: "struck", as: { stale: "not-retry-safe", unknown: "not-retry-safe" } },
} as const;

/** Likewise, but whether a request is on that socket by then is a race. */
const raced = { ...stale, unsafe: { ...stale.unsafe, failed: "some" } } as const;

const rows: readonly Row[] = [
  {
    name: "stale RST",
    upstream: { faults: [{ fault: "reset", on: "reused", probability: 0.1 }] },
    ...stale,
  },
  {
    name: "stale FIN",
    upstream: { faults: [{ fault: "end", on: "reused", probability: 0.1 }] },
    ...stale,
  },
  {
    name: "a response, then FIN",
    upstream: { faults: [{ fault: "answer-then-close", with: "fin", probability: 0.1 }] },
    calls: { 16: 1000, 1: 500 },
    ...raced,
  },
  {
    name: "a response, then RST 2 ms later",
    upstream: {
      faults: [{ fault: "answer-then-close", with: "rst", delayMs: 2, probability: 0.1 }],
    },
    calls: { 16: 1000, 1: 500 },
    ...raced,
  },
  {
    name: "all idle sockets killed as a call arrives",
    upstream: {
      faults: [
        { fault: "kill-idle", with: "rst", probability: 0.05 },
        { fault: "kill-idle", with: "fin", probability: 0.05 },
      ],
    },
    bursts: true,
    calls: { 16: 2000, 1: 0 },
    ...raced,
  },
  {
    name: "all idle sockets killed just before a call",
    upstream: {},
    disturb: ({ upstream, number, draw }) =>
      draw < 0.1 ? upstream.killIdle({ with: number % 2 === 0 ? "rst" : "fin" }) : 0,
    ...raced,
  },
];

describe.each(rows)("$name", (row) => {
  cells(row);
});
