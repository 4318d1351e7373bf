import fc from "fast-check";
import { expect, test } from "vitest";

import { WaitQueue } from "./wait-queue.ts";

interface Caller {
  readonly name: number;
  place: number;
}

test("the first item is the one that has waited longest, whatever joins and leaves", () => {
  const steps = fc.array(
    fc.record({ joins: fc.nat(3000), serves: fc.nat(3000), leavers: fc.array(fc.nat(3000)) }),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(steps, (plan) => {
      const line = new WaitQueue<Caller>();
      let plain: Caller[] = [];
      let name = 0;
      for (const { joins, serves, leavers } of plan) {
        for (let joined = 0; joined < joins; joined += 1) {
          const caller = { name: name++, place: -1 };
          line.join(caller);
          plain.push(caller);
        }
        const gone = new Set(leavers.flatMap((index) => plain[index] ?? []));
        for (const caller of gone) line.leave(caller);
        // Once more does nothing.
        for (const caller of gone) line.leave(caller);
        plain = plain.filter((caller) => !gone.has(caller));
        for (const caller of plain.splice(0, serves)) {
          expect(line.first).toBe(caller);
          line.leave(caller);
        }
        expect([line.size, line.first]).toEqual([plain.length, plain[0] ?? null]);
      }
    }),
    { numRuns: 30 },
  );
});
