import { describe, expect, it } from "vitest";

import { showCausesInStack } from "./stack-with-causes.ts";

function shown(cause: unknown): string {
  const error = new RangeError("first", { cause });
  (function inner(): void {
    showCausesInStack(error, inner);
  })();
  return error.stack!;
}

describe("showCausesInStack", () => {
  it("begins with the name, the message and the caller", () => {
    expect(shown(undefined)).toMatch(/^RangeError: first\n    at shown \(/);
    expect(shown(undefined)).not.toContain("[cause]");
  });

  it("shows each cause once, with its own stack", () => {
    const middle = new Error("second", { cause: new TypeError("third") });
    const own = shown(middle);
    expect(own).toMatch(/\n  \[cause\]: Error: second\n {6}at /);
    expect(own).toMatch(/\n  \[cause\]: TypeError: third\n {6}at /);
    showCausesInStack(middle, shown);
    expect(shown(middle).match(/TypeError: third/g)).toHaveLength(1);
  });

  it("ends a circular chain of causes", () => {
    const first = new Error("a");
    first.cause = new Error("b", { cause: first });
    expect(shown(first).match(/\[cause\]/g)).toHaveLength(5);
  });

  it("shows text, and stops at a value that cannot be read", () => {
    expect(shown("a reason")).toContain("\n  [cause]: a reason");
    const hostile = {
      get stack(): string {
        throw new Error("no");
      },
    };
    expect(shown(hostile)).not.toContain("[cause]");
    expect(shown({ stack: 42 })).not.toContain("[cause]");
    expect(shown(null)).not.toContain("[cause]");
  });

  it("can be replaced", () => {
    const error = new Error("x");
    showCausesInStack(error, shown);
    error.stack = "own";
    expect(error.stack).toBe("own");
  });

  it("leaves a stack alone that Error.prepareStackTrace has made", () => {
    const { prepareStackTrace } = Error;
    const error = new Error("x");
    try {
      Error.prepareStackTrace = (_, sites) => sites;
      showCausesInStack(error, shown);
      expect(error.stack).toBeInstanceOf(Array);
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
