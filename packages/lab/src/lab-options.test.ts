import { expect, test } from "vitest";

import { readLabOptions } from "./lab-options.ts";

test("the laboratory listens on a free port of loopback without options", () => {
  expect(readLabOptions({})).toEqual({ port: 0, host: "127.0.0.1" });
});

test.each([
  [{ host: "0.0.0.0" }, 'options.host must be "127.0.0.1", "::1" or "localhost", got "0.0.0.0"'],
  [{ port: 70_000 }, "options.port must be an integer from 0 to 65535, got 70000"],
  [{ prot: 1 }, "options.prot is not an option"],
])("the options %o are refused", (options, problem) => {
  expect(() => readLabOptions(options as never)).toThrow(problem);
});
