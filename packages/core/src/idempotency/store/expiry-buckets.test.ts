import fc from "fast-check";
import { expect, test } from "vitest";

import { ExpiryBuckets, type Expiring } from "./expiry-buckets.ts";

interface Entry extends Expiring {
  readonly name: number;
}

const atMs = fc.integer({ min: 0, max: 5000 });
const step = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), atMs }),
  fc.record({ kind: fc.constant("move" as const), which: fc.nat(), atMs }),
  fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }),
  fc.record({ kind: fc.constant("take" as const), afterMs: fc.integer({ min: 0, max: 2000 }) }),
);

function names(entries: readonly Entry[]): number[] {
  return entries.map(({ name }) => name).toSorted((one, other) => one - other);
}

test("the buckets return every expired item, and nothing else", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const buckets = new ExpiryBuckets<Entry>();
      const held = new Set<Entry>();
      let nowMs = 0;
      const pick = (which: number): Entry | undefined => [...held][which % held.size];
      for (const [name, each] of steps.entries()) {
        if (each.kind === "add") {
          const entry = { name, expiresAtMs: nowMs + each.atMs, before: null, after: null };
          held.add(entry);
          buckets.add(entry);
        } else if (each.kind === "take") {
          nowMs += each.afterMs;
          const expired = [...held].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
          for (const entry of expired) held.delete(entry);
          expect(names(buckets.takeExpired(nowMs))).toEqual(names(expired));
        } else {
          const entry = pick(each.which);
          if (entry === undefined) continue;
          if (each.kind === "move") buckets.move(entry, nowMs + each.atMs);
          else {
            held.delete(entry);
            buckets.remove(entry);
          }
        }
      }
    }),
    { numRuns: 500 },
  );
});
