import fc from "fast-check";
import { expect, test } from "vitest";

import { BodyMemory } from "./body-memory.ts";

test("the memory can be reserved to the last byte, and not beyond", () => {
  const memory = new BodyMemory(10);
  expect(memory.reserve(4)).toBe(true);
  expect(memory.reserve(7)).toBe(false);
  expect(memory.used).toBe(4);
  expect(memory.reserve(6)).toBe(true);
  expect(memory.reserve(1)).toBe(false);
  expect(memory.reserve(0)).toBe(true);
  memory.free(10);
  expect(memory.used).toBe(0);
});

test("a limit of 0 allows nothing", () => {
  const memory = new BodyMemory(0);
  expect(memory.reserve(1)).toBe(false);
  expect(memory.used).toBe(0);
});

test("the memory never exceeds its limit and ends empty, whatever is reserved and freed", () => {
  fc.assert(
    fc.property(fc.nat(100), fc.array(fc.nat(60), { maxLength: 40 }), (limit, wishes) => {
      const memory = new BodyMemory(limit);
      const held: number[] = [];
      for (const [index, bytes] of wishes.entries()) {
        if (memory.reserve(bytes)) held.push(bytes);
        expect(memory.used).toBeLessThanOrEqual(limit);
        if (index % 3 === 2) memory.free(held.shift() ?? 0);
      }
      for (const bytes of held) memory.free(bytes);
      expect(memory.used).toBe(0);
    }),
  );
});
