import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { decisionTable, reasonText } from "../../../packages/core/src/retry/decision-table.ts";
import { isIdempotentMethod } from "../../../packages/core/src/retry/method.ts";

const page = decisionTable();

test("docs/decision-table.md is what the code decides, as written by node scripts/decision-table.js", () => {
  const docs = new URL("../../../docs/decision-table.md", import.meta.url);
  expect(readFileSync(docs, "utf8")).toBe(page);
});

test("every reason occurs in a row, and is explained", () => {
  const [decisions = "", reasons = ""] = page.split("## Reasons");
  for (const reason of Object.keys(reasonText)) {
    // An agent gives it without a decision, before it would move a request.
    if (reason !== "unsupported") expect(decisions).toContain(`: \`${reason}\` |`);
    expect(reasons).toContain(`| \`${reason}\` |`);
  }
});

test("every method that the page calls idempotent is idempotent", () => {
  const list = /The idempotent methods are (.*)\. A request/.exec(page)?.[1] ?? "";
  const methods = list.split(/, | and /);
  expect(methods).toHaveLength(7);
  expect(methods.every(isIdempotentMethod)).toBe(true);
});

test("the page stays short enough to read", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| "));
  expect(rows.length).toBeLessThan(60);
  expect(page.split("## Limits")[0]?.match(/^\| `/gm)?.length).toBeLessThanOrEqual(40);
});
