import { describe, expect, test } from "vitest";

import { faultRules } from "./fault-rules.ts";
import { faultNames } from "./fault-choice.ts";
import { defaultSettings, readSettings } from "./settings.ts";

describe("readSettings", () => {
  test("fills in absent settings", () => {
    expect(readSettings({})).toEqual(defaultSettings);
    expect(readSettings({ method: "GET", keyed: false })).toEqual({
      ...defaultSettings,
      method: "GET",
      keyed: false,
    });
  });

  test.each([
    [null, "settings must be an object, got null"],
    [[], "settings must be an object, got an array"],
    [{ fault: "hang" }, "settings.fault must be"],
    [{ fault: "__proto__" }, "settings.fault must be"],
    [{ probability: 0.5 }, "settings.probability must be a number from 0.005 to 0.1, got 0.5"],
    [{ probability: "0.05" }, "settings.probability must be a number"],
    [{ idleMs: 1 }, "settings.idleMs must be a number from 40 to 500, got 1"],
    [{ idleMs: null }, "settings.idleMs must be a number"],
    [{ method: "TRACE" }, "settings.method must be"],
    [{ keyed: 1 }, "settings.keyed must be true or false, got 1"],
    [{ idleMS: 100 }, "settings.idleMS is not an option; did you mean settings.idleMs?"],
  ])("refuses the settings %o", (value, problem) => {
    expect(() => readSettings(value)).toThrow(problem);
  });
});

describe("faultRules", () => {
  test(`has no rule for "none", and a rule for every other fault`, () => {
    for (const name of faultNames) {
      expect(faultRules(name, 0.05)).toHaveLength(name === "none" ? 0 : 1);
    }
  });

  test("makes restarts rarer, since each one hurts many requests", () => {
    expect(faultRules("restart", 0.05)[0]?.probability).toBeCloseTo(0.001, 9);
    expect(faultRules("reset", 0.05)[0]?.probability).toBe(0.05);
  });
});
