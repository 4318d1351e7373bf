import fc from "fast-check";
import { expect, test } from "vitest";

import { LinkedList, type Linked } from "./linked-list.ts";

interface Item extends Linked<Item> {
  readonly name: number;
}

test("a list has the same items as an array after any sequence of appends and removals", () => {
  const steps = fc.array(fc.oneof(fc.constant("append" as const), fc.nat({ max: 30 })));
  fc.assert(
    fc.property(steps, (given) => {
      const list = new LinkedList<Item>();
      const model: Item[] = [];
      let made = 0;
      for (const step of given) {
        if (step === "append") {
          const item = { name: (made += 1), previous: null, next: null };
          list.append(item);
          model.push(item);
        } else if (step < model.length) {
          list.remove(model.splice(step, 1)[0]!);
        }
        expect(namesIn(list)).toEqual(model.map(({ name }) => name));
      }
    }),
  );
});

function namesIn(list: LinkedList<Item>): number[] {
  const names: number[] = [];
  for (let item = list.first; item !== null; item = item.next) names.push(item.name);
  return names;
}
