import { describe } from "vitest";

import { cells } from "./report/table-cell.ts";
import type { Disturbance, Row } from "./report/table-row.ts";

/** Whether an outage begins before this call: every 160 calls, or every 20 one by one, in turn for each kind. */
function isDue({ number, concurrency }: Disturbance): boolean {
  const apart = concurrency === 16 ? 160 : 20;
  const turn = concurrency === 16 ? 0 : Math.floor(number / apart) % 5;
  return number % apart === turn;
}

/** One at a time, each outage is met by one call. */
const calls = { 16: 2000, 1: 200 };

const rows: readonly Row[] = [
  {
    name: "refused for 300 ms",
    // No socket is kept, and none is open when it begins: all that meet it are unsent.
    upstream: { answer: { close: true } },
    bursts: true,
    disturb(at) {
      if (isDue(at)) {
        void at.upstream.refuse();
        // real time: the outage's length, for clients on the system clock
        setTimeout(() => void at.upstream.accept(), 300);
      }
      return 0;
    },
    calls,
    retrySafe: { failed: "none" },
    unsafe: { failed: "none" },
  },
  {
    name: "rolling restart",
    upstream: { answer: { delayMs: 2 } },
    disturb(at) {
      // In the middle of calls: some arriving, some processed and not yet answered.
      // real time: the request must have arrived when the server restarts
      if (isDue(at)) setTimeout(() => void at.upstream.restart({ downMs: 100 }), 1);
      return 0;
    },
    calls,
    retrySafe: { failed: "none" },
    unsafe: { failed: "some", as: { stale: "not-retry-safe", unknown: "not-retry-safe" } },
  },
];

describe.each(rows)("$name", (row) => {
  cells(row);
});
