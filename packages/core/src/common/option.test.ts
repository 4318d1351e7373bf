import { runInNewContext } from "node:vm";

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

describe("options that are an object of a class", () => {
  test("lead to its name", () => {
    class Pool {
      _clients = [];
    }
    expect(() => checkKeys(new Pool(), "options", ["pool", "table"])).toThrow(
      "options must be an object of options, got an instance of Pool (known: pool, table)",
    );
  });

  test.each([
    ["no prototype", null],
    ["another prototype", { constructor: undefined }],
    ["the prototype of another realm", runInNewContext("Object.prototype") as object],
  ])("are taken for plain ones with %s", (_, prototype) => {
    const options: unknown = Object.assign(Object.create(prototype), { pools: 1 });
    expect(() => checkKeys(options, "options", ["pool"])).toThrow("did you mean options.pool?");
  });
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
