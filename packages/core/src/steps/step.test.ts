import { expect, test } from "vitest";

import { checkStep } from "./step.ts";

test.each([undefined, "a", "charge:é/1", "x".repeat(255)])(
  "%j is accepted as a step, or as none",
  (value) => {
    expect(checkStep(value, "step")).toBe(value);
  },
);

test.each([null, "", 0, 1, true, {}, [], "x".repeat(256)])("%j is refused as a step", (value) => {
  expect(() => checkStep(value, 'routes["POST /a"].step')).toThrow(
    /^routes\["POST \/a"\]\.step must be a string of 1 to 255 characters, got /,
  );
});
