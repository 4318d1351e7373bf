import fc from "fast-check";
import { expect, test } from "vitest";

import { OutboundSteps, type StepCall } from "./outbound-steps.ts";

const owner = { scope: "user 1", key: "k-1" };
const charge: StepCall = {
  step: "charge",
  origin: "http://payments:3000",
  method: "POST",
  fingerprint: "/charges a",
  redirected: false,
};

/** The key of a call that begins and ends. */
function keyOf(steps: OutboundSteps, call: StepCall): string {
  const step = steps.begin(call);
  step.end();
  return step.key;
}

test("a step has the same key in every run, whatever ran before it", () => {
  const other = { ...charge, step: "receipt", fingerprint: "/receipts" };
  const first = new OutboundSteps(owner);
  const keys = [keyOf(first, charge), keyOf(first, other)];
  const second = new OutboundSteps({ ...owner });
  expect([keyOf(second, other), keyOf(second, charge)]).toEqual(keys.toReversed());
});

test("another step, origin, method, scope or key leads to another key", () => {
  const calls = [
    charge,
    { ...charge, step: "charge:b" },
    { ...charge, origin: "http://payments:3001" },
    { ...charge, method: "PATCH" },
  ];
  const steps = new OutboundSteps(owner);
  const keys = calls.map((call) => keyOf(steps, call));
  for (const part of [{ scope: "user 2" }, { key: "k-2" }]) {
    keys.push(keyOf(new OutboundSteps({ ...owner, ...part }), charge));
  }
  expect(new Set(keys).size).toBe(6);
});

test("two requests without a key have no derived key in common", () => {
  expect(keyOf(new OutboundSteps(), charge)).not.toBe(keyOf(new OutboundSteps(), charge));
});

const reused = { code: "ERR_REISSUE_STEP_REUSED", step: "charge" };

test.each([
  ["another path or body", "/charges a", "/charges b"],
  ["a body that cannot be compared", "/charges a", null],
  ["two that cannot be compared", null, null],
])("the same step for %s is refused", (_, first, second) => {
  const steps = new OutboundSteps(owner);
  keyOf(steps, { ...charge, fingerprint: first });
  const again = (): unknown => steps.begin({ ...charge, fingerprint: second });
  expect(again).toThrow(expect.objectContaining(reused));
  // Nor does the refusal begin anything.
  if (first !== null) expect(keyOf(steps, { ...charge, fingerprint: first })).toBeTypeOf("string");
});

test("the same step twice at once is refused until the first has ended", () => {
  const steps = new OutboundSteps();
  const first = steps.begin(charge);
  expect(() => steps.begin(charge)).toThrow(expect.objectContaining(reused));
  first.end();
  const second = steps.begin(charge);
  expect(second.key).toBe(first.key);
  expect(() => steps.begin({ ...charge, redirected: true })).toThrow();
});

test("a redirected request is the same call, whatever its path is", () => {
  const steps = new OutboundSteps(owner);
  const key = keyOf(steps, charge);
  expect(keyOf(steps, { ...charge, fingerprint: "/v2 a", redirected: true })).toBe(key);
  expect(keyOf(steps, charge)).toBe(key);
});

test("the names of steps cannot run into each other", () => {
  const text = fc.constantFrom("a", "a a", " ", "b a", "__proto__");
  fc.assert(
    fc.property(text, text, (one, other) => {
      const steps = new OutboundSteps(owner);
      const [first, second] = [one, other].map((step) => keyOf(steps, { ...charge, step }));
      expect(first === second).toBe(one === other);
    }),
  );
});
