import { describe, expect, test } from "vitest";

import { checkKeys, readWithin } from "./option.ts";
import { OptionError } from "./reissue-error.ts";

const known = ["retry", "connections", "idleMs", "bodyTimeoutMs"];
const elsewhere = ["retry.maxAttempts", "retry.totalTimeoutMs"];

describe("an unknown option", () => {
  test.each([
    ["retries", "options.retry"],
    ["idle", "options.idleMs"],
    ["maxConnections", "options.connections"],
    ["bodyTimeout", "options.bodyTimeoutMs"],
    ["attempts", "options.retry.maxAttempts"],
    ["timeout", "options.retry.totalTimeoutMs"],
  ])("the option %s leads to the suggestion %s", (key, meant) => {
    const check = (): void => checkKeys({ [key]: 1 }, "options", known, elsewhere);
    expect(check).toThrow(`options.${key} is not an option; did you mean ${meant}? (known: retry,`);
  });

  test.each(["agent", "x", "keepAliveTimeout", "color"])(
    "the option %s leads to no suggestion",
    (key) => {
      const check = (): void => checkKeys({ [key]: 1 }, "options", known, elsewhere);
      expect(check).toThrow(`options.${key} is not an option (known: retry,`);
    },
  );
});

describe("options within another option", () => {
  test.each([
    ["options.retries", "upstream.retries"],
    ["options", "upstream"],
    ["retry.maxAttempts", "upstream.retry.maxAttempts"],
    ['origins["http://a"].idleMs', 'upstream.origins["http://a"].idleMs'],
  ])("an error at %s becomes an error at %s", (inner, path) => {
    const read = (): never =>
      readWithin("upstream", () => {
        throw new OptionError(inner, "is wrong");
      });
    expect(read).toThrow(`${path} is wrong`);
    expect(read).toThrow(expect.objectContaining({ path, code: "ERR_REISSUE_OPTION" }));
  });

  test("every other error passes unchanged", () => {
    const error = new TypeError("options.x is not a function");
    expect(() =>
      readWithin("upstream", () => {
        throw error;
      }),
    ).toThrow(error);
  });
});
