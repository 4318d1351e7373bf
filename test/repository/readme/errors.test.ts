import { expect, test } from "vitest";

import { anchors, text } from "./markdown.ts";

const [, union = ""] =
  /export type ErrorCode =([^;]*);/.exec(text("packages/core/src/common/reissue-error.ts")) ?? [];
const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code = ""]) => code);

test("every code of an error has its anchor, and no anchor is stale", () => {
  expect(codes).toContain("ERR_REISSUE_OPTION");
  const described = anchors("docs/errors.md").filter((anchor) => anchor.startsWith("err_"));
  expect(described.toSorted()).toEqual(codes.map((code) => code.toLowerCase()).toSorted());
});
