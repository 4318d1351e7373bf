import { inspect } from "node:util";

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

  describe("printed by util.inspect", () => {
    function chain(): Error {
      const refused = Object.assign(new Error("third"), { code: "ECONNREFUSED" });
      const upstream = Object.assign(new RangeError("second", { cause: refused }), { reason: "a" });
      const first = new TypeError("first", { cause: upstream });
      for (const error of [upstream, first]) showCausesInStack(error, shown);
      return first;
    }

    it("shows each cause once, with its properties", () => {
      const unread = chain();
      const read = chain();
      void read.stack;
      for (const error of [unread, read]) {
        const text = inspect({ error }, { depth: 5 });
        for (const part of [
          "TypeError: first",
          "RangeError: second",
          "Error: third",
          "reason: 'a'",
          "code: 'ECONNREFUSED'",
        ]) {
          expect(text.split(part), text).toHaveLength(2);
        }
        expect(error.stack).toContain("\n  [cause]: RangeError: second");
      }
    });

    it("is as deep as that of other errors", () => {
      const plain = new Error("outer", { cause: new Error("inner", { cause: new Error("core") }) });
      const own = new Error("outer", { cause: new Error("inner", { cause: new Error("core") }) });
      showCausesInStack(own, null);
      for (const depth of [0, 1, 2, null]) {
        const lines = (error: Error): string =>
          inspect({ error }, { depth }).replaceAll(/:\d+:\d+/g, "");
        expect(lines(own)).toBe(lines(plain));
      }
    });

    it("ends a circular chain of causes", () => {
      const first = new Error("a");
      first.cause = new Error("b", { cause: first });
      showCausesInStack(first, null);
      expect(inspect(first, { depth: null })).toContain("[cause]: [Circular");
    });

    it("keeps a stack that was replaced", () => {
      const error = chain();
      error.stack = "TypeError: own";
      expect(inspect(error)).toMatch(/^\[TypeError: own\]/);
    });

    it("leaves an error as it was, frozen or not", () => {
      for (const error of [chain(), Object.freeze(chain())]) {
        const before = Object.getOwnPropertyDescriptors(error);
        expect(inspect(error).split("TypeError: first")).toHaveLength(2);
        expect(inspect(error)).toBe(inspect(error));
        expect(Object.getOwnPropertyDescriptors(error)).toEqual(before);
        expect(Object.keys(error)).toEqual([]);
      }
    });
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
