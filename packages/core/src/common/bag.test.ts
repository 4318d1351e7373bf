import { expect, test } from "vitest";

import { Bag, type Bagged } from "./bag.ts";

test("a removed item leaves the other items in the bag, and can be added again", () => {
  const bag = new Bag<Bagged>();
  const [one, two, three] = [{ bagIndex: -1 }, { bagIndex: -1 }, { bagIndex: -1 }];
  for (const item of [one, two, three]) bag.add(item);
  expect([bag.delete(one), bag.delete(one), bag.has(one)]).toEqual([true, false, false]);
  expect(new Set(bag.toArray())).toEqual(new Set([two, three]));
  expect(bag.delete(three)).toBe(true);
  bag.add(one);
  expect([bag.size, bag.has(one), bag.has(two)]).toEqual([2, true, true]);
  expect(new Set(bag.empty())).toEqual(new Set([one, two]));
  expect([bag.size, bag.delete(two)]).toEqual([0, false]);
});

test("an item of one bag is not in another bag, whatever its index is", () => {
  const item = { bagIndex: -1 };
  const [its, other] = [new Bag<Bagged>(), new Bag<Bagged>()];
  other.add({ bagIndex: -1 });
  its.add(item);
  expect([other.has(item), other.delete(item), other.size]).toEqual([false, false, 1]);
  expect(its.delete(item)).toBe(true);
});
