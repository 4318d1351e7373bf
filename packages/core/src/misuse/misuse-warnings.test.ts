import { afterEach, expect, test, vi } from "vitest";

import { MisuseWarnings } from "./misuse-warnings.ts";
import { misuseChecks } from "./misuse-check.ts";
import { validateOption } from "./validate-option.ts";

const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
afterEach(() => emit.mockClear());

const checksOf = (value: unknown): MisuseWarnings =>
  new MisuseWarnings(validateOption.check(value, "validate", misuseChecks));

test("a warning has a type, a code and a link, and is emitted once for each subject", () => {
  const warnings = checksOf(true);
  for (const origin of ["http://a", "http://b", "http://a"]) {
    warnings.report("unreadBody", `Bodies of ${origin} stay unread.`, origin);
  }
  const link = "https://github.com/reissue/reissue/blob/main/docs/troubleshooting.md";
  expect(emit.mock.calls).toEqual(
    ["http://a", "http://b"].map((origin) => [
      `Bodies of ${origin} stay unread. See ${link}#warn_reissue_unread_body`,
      { type: "ReissueWarning", code: "WARN_REISSUE_UNREAD_BODY" },
    ]),
  );
});

test.each([
  [false, 0],
  [{ gateTwice: false }, 0],
  [{ gateTwice: true }, 1],
  [{ gateTwice: undefined }, 1],
  [{ unreadBody: false }, 1],
  [{}, 1],
  [true, 1],
])("the option %j leads to %i warnings for a gate that is mounted twice", (value, times) => {
  checksOf(value).report("gateTwice", "Twice.");
  expect(emit).toHaveBeenCalledTimes(times);
});

test.each([
  ["no", "validate must be an object"],
  [{ gateOnce: false }, "validate.gateOnce is not an option"],
  [{ gateTwice: "off" }, "validate.gateTwice must be true or false"],
])("the option %j is refused", (value, problem) => {
  expect(() => checksOf(value)).toThrow(problem);
});
